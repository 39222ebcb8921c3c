// The server audits of graphql-http, all of them, one result a line.
import { serverAudits } from "graphql-http";

const { url, token } = JSON.parse(process.argv[2] ?? "");
const fetchFn: typeof fetch = (input, init) => {
  const headers = new Headers(init?.headers);
  headers.set("authorization", `Bearer ${token}`);
  return fetch(input, { ...init, headers });
};

for (const { id, name, fn } of serverAudits({ url, fetchFn })) {
  const result = await fn();
  const reason = result.status === "ok" ? "" : result.reason;
  console.log(JSON.stringify({ id, name, status: result.status, reason }));
}
