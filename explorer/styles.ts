// The page's policy drops style elements without its nonce, and the editor makes some.
const nonce = document.querySelector("link")?.nonce ?? "";
const create = document.createElement.bind(document);

document.createElement = ((name: string, options?: ElementCreationOptions) => {
  const made = create(name, options);
  if (made instanceof HTMLStyleElement) made.nonce = nonce;
  return made;
}) as typeof document.createElement;
