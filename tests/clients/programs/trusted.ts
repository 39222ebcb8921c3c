// Clients that send ids instead of documents, each in its own way, to a server that takes no others.
import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { createClient as createSse } from "graphql-sse";
import { createClient as createSockets } from "graphql-ws";

type Ids = Record<"Queue" | "Mine" | "Events" | "DeskQuery", string>;
const { url, token, ids }: { url: string; token: string; ids: Ids } = JSON.parse(
  process.argv[2] ?? "",
);
const headers = { authorization: `Bearer ${token}` };
const say = (told: object) => console.log(JSON.stringify(told));
const persisted = (sha256Hash: string) => ({
  query: "",
  extensions: { persistedQuery: { version: 1, sha256Hash } },
});

// Apollo Client, with the hashes that graphql-codegen has put beside its documents.
const apollo = new ApolloClient({
  cache: new InMemoryCache(),
  link: new PersistedQueryLink({
    generateHash: (document) => {
      const [operation] = document.definitions;
      const name = operation?.kind === "OperationDefinition" ? operation.name?.value : "";
      return ids[name as keyof Ids] ?? "none";
    },
    useGETForHashedQueries: true,
  }).concat(new HttpLink({ uri: url, headers })),
});
const mine = await apollo.query<any>({ query: gql`query Mine { viewer { openHandoffCount } }` });
say({ apollo: mine.data.viewer.openHandoffCount });
try {
  await apollo.query({ query: gql`query Unknown { handoffQueue { count } }` });
} catch (error: any) {
  say({ apolloRefused: error.errors[0].extensions.code });
}

// A network layer for Relay, as its guide has it.
const response = await fetch(url, {
  method: "POST",
  headers: { ...headers, "content-type": "application/json" },
  body: JSON.stringify({ doc_id: ids.DeskQuery, variables: {} }),
});
say({ relay: (await response.json()).data.handoffQueue.count });

// Subscriptions over a socket, and over server-sent events.
const first = async (events: AsyncIterable<any>) => {
  for await (const { data } of events) return data.handoffEvents.__typename;
};
const sockets = createSockets({
  url: url.replace(/^http/, "ws"),
  connectionParams: { token },
  lazy: true,
  retryAttempts: 0,
});
say({ socket: await first(sockets.iterate(persisted(ids.Events))) });
try {
  await first(sockets.iterate({ query: "subscription { handoffEvents { __typename } }" }));
} catch (errors: any) {
  say({ socketRefused: errors[0].extensions.code });
}
const sse = createSse({ url, headers, retryAttempts: 0 });
say({ sse: await first(sse.iterate(persisted(ids.Events))) });
