// What the page says to the service, as whoever the token is of.
import { createGraphiQLFetcher, type Fetcher } from "@graphiql/toolkit";
import { createClient } from "graphql-ws";

export type Viewer = {
  engineer: { name: string; email: string; role: string; tier: number };
  account: { name: string };
};

export type Service = { viewer: Viewer; fetcher: Fetcher; leave: () => void };

const WHO = "query Who { viewer { engineer { name email role tier } account { name } } }";

/** Rejects with the service's own words when it does not take the token. */
export async function signIn(url: string, token: string): Promise<Service> {
  const headers = { authorization: `Bearer ${token}` };
  const viewer = await who(url, headers);
  const sockets = createClient({
    url: url.replace(/^http/, "ws"),
    connectionParams: { token },
    retryAttempts: 0, // a stream that broke is to be seen, and not to go on with a gap
  });
  const fetcher = createGraphiQLFetcher({
    url,
    headers,
    wsClient: sockets,
    enableIncrementalDelivery: false,
    fetch: (...asked) => fetch(...asked),
  });
  return { viewer, fetcher, leave: () => void sockets.dispose() };
}

async function who(url: string, headers: Record<string, string>): Promise<Viewer> {
  const response = await fetch(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ query: WHO }),
  });
  const { data, errors } = await response.json();
  if (!data?.viewer) throw new Error(errors?.[0]?.message ?? `status ${response.status}`);
  return data.viewer;
}
