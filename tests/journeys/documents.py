"""What frontends would ask, as text."""

START = """
mutation Start($input: StartSessionInput!) {
  startSession(input: $input) {
    __typename
    ... on StartSessionSuccess { session { id status owner { email } } }
    ... on Problem { message }
  }
}
"""

RECORD = """
mutation Record($input: RecordStepInput!) {
  recordStep(input: $input) {
    __typename
    ... on RecordStepSuccess { step { id position outcome } session { id } }
    ... on Problem { message }
  }
}
"""

ESCALATE = """
mutation Escalate($input: EscalateInput!) {
  escalate(input: $input) {
    __typename
    ... on EscalateSuccess {
      handoff { id status priority problemSummary raisedBy { name } createdAt }
      session { id status escalationReason }
      documentation { id markdown version }
      deliveries { id channel state skipReason }
    }
    ... on TargetNotEligible { reason }
    ... on InvalidInput { field }
    ... on Problem { message }
  }
}
"""

CLAIM = """
mutation Claim($id: ID!) {
  claimHandoff(input: { handoffId: $id }) {
    __typename
    ... on ClaimHandoffSuccess {
      handoff { id status claimedAt claimedBy { email } }
      session { id status escalatedTo { email } }
    }
    ... on HandoffAlreadyClaimed { claimedAt claimedBy { email name } }
    ... on HandoffNotOpen { status }
    ... on Problem { message }
  }
}
"""

RESOLVE = """
mutation Resolve($input: ResolveSessionInput!) {
  resolveSession(input: $input) {
    __typename
    ... on ResolveSessionSuccess { session { id status } handoff { id status } }
    ... on Problem { message }
  }
}
"""

SESSION = """
query Session($id: ID!) {
  session(id: $id) {
    id status problemSummary escalatedTo { email }
    steps(first: 20) { nodes { title outcome } }
  }
}
"""

HANDOFF = """
query Handoff($id: ID!) {
  handoff(id: $id) {
    id status problemSummary reason claimedBy { email }
    session { id }
    snapshot { stepCount environment timeline { title outcome } hypothesesRuledOut }
    assessment { state }
    documentation { markdown }
    deliveries { channel }
  }
}
"""

QUEUE = "{ handoffQueue { count cursor handoffs { id status } } }"

BELL = "{ notifications(first: 5) { nodes { id title link readAt handoff { id } } } }"

CREATED = """
subscription Created($after: Cursor) {
  handoffCreated(after: $after) {
    cursor occurredAt actor { name }
    handoff { id status reason session { id } snapshot { stepCount } }
  }
}
"""

EVENTS = """
subscription Events($after: Cursor, $handoffId: ID) {
  handoffEvents(after: $after, handoffId: $handoffId) {
    __typename
    ... on StreamReady { cursor openHandoffs }
    ... on HandoffEvent { cursor actor { email } handoff { id status reason } }
  }
}
"""

RUNG = """
subscription Rung($after: Cursor) {
  notificationReceived(after: $after) { cursor notification { id title link } }
}
"""
