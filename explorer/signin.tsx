// The bar above the explorer: who is signed in, or the field for a token.
import { type FormEvent, useState } from "react";

import type { Viewer } from "./service.ts";

type Asked = {
  viewer: Viewer | null;
  trouble: string;
  demo: boolean;
  onToken: (token: string) => Promise<void>;
  onLeave: () => void;
};

export function SignIn({ viewer, trouble, demo, onToken, onLeave }: Asked) {
  return (
    <header className="signin">
      <strong>Baton</strong>
      {viewer ? (
        <>
          <span className="who">{described(viewer)}</span>
          <button type="button" onClick={onLeave}>
            Sign out
          </button>
        </>
      ) : (
        <TokenForm onToken={onToken} />
      )}
      {trouble && <span role="alert">{trouble}</span>}
      {!viewer && demo && (
        <span className="hint">
          Demo: <code>.venv/bin/baton token tier1@acme.test</code> prints a token.
        </span>
      )}
    </header>
  );
}

function TokenForm({ onToken }: Pick<Asked, "onToken">) {
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get("token") ?? "").trim();
    if (!token) return;
    setBusy(true);
    await onToken(token);
    setBusy(false);
  };
  return (
    <form onSubmit={submit}>
      <label>
        Token <input name="token" type="password" autoComplete="off" spellCheck={false} autoFocus />
      </label>
      <button disabled={busy}>Sign in</button>
    </form>
  );
}

function described({ engineer, account }: Viewer): string {
  const { name, email, role, tier } = engineer;
  return `${name} <${email}>, ${role}, tier ${tier}, of ${account.name}`;
}
