// Tier 1 is stuck and asks for help; tier 2 hears of it live, and takes it.
import { createClient } from "graphql-ws";

import { graphql } from "./generated/gql.ts";
import type { TypedDocumentString } from "./generated/graphql.ts";

const Queue = graphql(`
  query Queue { handoffQueue { cursor count } }
`);
const Start = graphql(`
  mutation Start($input: StartSessionInput!) {
    startSession(input: $input) {
      __typename
      ... on StartSessionSuccess { session { id } }
      ... on Problem { message }
    }
  }
`);
const Escalate = graphql(`
  mutation Escalate($input: EscalateInput!) {
    escalate(input: $input) {
      __typename
      ... on EscalateSuccess { handoff { id priority } }
      ... on Problem { message }
    }
  }
`);
const Arrivals = graphql(`
  subscription Arrivals($after: Cursor) {
    handoffCreated(after: $after) {
      occurredAt
      handoff { id priority problemSummary raisedBy { name } }
    }
  }
`);
const Claim = graphql(`
  mutation Claim($input: ClaimHandoffInput!) {
    claimHandoff(input: $input) {
      __typename
      ... on ClaimHandoffSuccess { handoff { status claimedBy { name } } }
      ... on HandoffAlreadyClaimed { claimedBy { name } claimedAt }
      ... on Problem { message }
    }
  }
`);

const { BATON_URL: url = "http://127.0.0.1:8000/graphql", TIER1, TIER2 } = process.env;
if (!TIER1 || !TIER2) throw new Error("Set TIER1 and TIER2: baton token tier1@acme.test");

async function ask<Data, Variables>(
  token: string,
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ query: document.toString(), variables }),
  });
  const { data, errors }: { data?: Data; errors?: unknown } = await response.json();
  if (!data) throw new Error(JSON.stringify(errors));
  return data;
}

async function* listen<Data, Variables extends Record<string, unknown>>(
  token: string,
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
): AsyncGenerator<Data> {
  const client = createClient({
    url: url.replace(/^http/, "ws"),
    connectionParams: { token },
  });
  const results = client.iterate<Data>({ query: document.toString(), variables });
  try {
    for await (const { data, errors } of results) {
      if (!data) throw new Error(JSON.stringify(errors));
      yield data;
    }
  } finally {
    await client.dispose();
  }
}

async function escalate(): Promise<void> {
  const started = (
    await ask(TIER1!, Start, { input: { problemSummary: "Outlook keeps asking for a password" } })
  ).startSession;
  if (started.__typename !== "StartSessionSuccess") throw new Error(started.message);
  const raised = (
    await ask(TIER1!, Escalate, {
      input: { sessionId: started.session.id, reason: "Out of ideas", priority: "HIGH" },
    })
  ).escalate;
  if (raised.__typename !== "EscalateSuccess") throw new Error(raised.message);
  console.log(`escalated ${raised.handoff.id}`);
}

async function take(id: string): Promise<void> {
  const taken = (await ask(TIER2!, Claim, { input: { handoffId: id } })).claimHandoff;
  switch (taken.__typename) {
    case "ClaimHandoffSuccess":
      console.log(`${taken.handoff.status} by ${taken.handoff.claimedBy?.name}`);
      break;
    case "HandoffAlreadyClaimed":
      console.log(`${taken.claimedBy.name} has it since ${taken.claimedAt}`);
      break;
    default: // a refusal that this program has nothing to do about, of a newer service perhaps
      console.log(taken.message);
  }
}

const { handoffQueue } = await ask(TIER2, Queue, {});
console.log(`${handoffQueue.count} waiting`);
// From the queue's cursor on: nothing can happen between the two that it would not hear.
const arrivals = listen(TIER2, Arrivals, { after: handoffQueue.cursor });
const [{ value }] = await Promise.all([arrivals.next(), escalate()]);
if (!value) throw new Error("the stream has ended");
const { handoff, occurredAt } = value.handoffCreated;
console.log(`${occurredAt}: ${handoff.raisedBy.name} asks for help: ${handoff.problemSummary}`);
await take(handoff.id);
await arrivals.return(undefined);
