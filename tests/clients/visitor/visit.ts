// Asks the service as GraphiQL does, with the page's own means: a query, then a subscription.
import { parse } from "graphql";

import { signIn } from "../service.ts";

const { url, token, query, subscription } = JSON.parse(process.argv[2] ?? "");
const say = (told: object) => process.stdout.write(`${JSON.stringify(told)}\n`);
const as = (text: string, operationName: string) =>
  [{ query: text, operationName }, { documentAST: parse(text) }] as const;

try {
  const service = await signIn(url, token);
  process.on("SIGTERM", service.leave);
  say({ viewer: service.viewer });
  say({ answer: await service.fetcher(...as(query, "IntrospectionQuery")) });
  const events = await service.fetcher(...as(subscription, "Arrivals"));
  say({ listening: Symbol.asyncIterator in events });
  for await (const event of events as AsyncIterable<object>) say({ event });
} catch (reason) {
  say({ trouble: reason instanceof Error ? reason.message : String(reason) });
}
