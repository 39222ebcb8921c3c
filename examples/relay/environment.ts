// Relay's store, with the service behind it: requests by HTTP, subscriptions by a socket.
import { createClient, type Client } from "graphql-ws";
import { Environment, Network, Observable, RecordSource, Store } from "relay-runtime";
import type { GraphQLResponse, RequestParameters, Variables } from "relay-runtime";

export function environment(url: string, token: string): { relay: Environment; sockets: Client } {
  const sockets = createClient({
    url: url.replace(/^http/, "ws"),
    connectionParams: { token },
  });
  const ask = async ({ text }: RequestParameters, variables: Variables) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ query: text, variables }),
    });
    return (await response.json()) as GraphQLResponse;
  };
  const listen = ({ text }: RequestParameters, variables: Variables) =>
    Observable.create<GraphQLResponse>((sink) =>
      sockets.subscribe({ query: text ?? "", variables }, sink as never),
    );
  const relay = new Environment({
    network: Network.create(ask, listen),
    store: new Store(new RecordSource()),
  });
  return { relay, sockets };
}
