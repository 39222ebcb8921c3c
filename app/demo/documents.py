"""What the story asks the API. Each mutation's answer names its refusal in ``message``."""

WHO = """
query Who { viewer { engineer { id name tier } account { name } } }
"""

START = """
mutation Start($input: StartSessionInput!) {
  startSession(input: $input) {
    __typename
    ... on StartSessionSuccess { session { id } }
    ... on Problem { message }
  }
}
"""

RECORD = """
mutation Record($input: RecordStepInput!) {
  recordStep(input: $input) {
    __typename
    ... on RecordStepSuccess { step { position } }
    ... on Problem { message }
  }
}
"""

QUEUE = """
query Queue { handoffQueue(first: 1) { count cursor } }
"""

ARRIVALS = """
subscription Arrivals($after: Cursor) {
  handoffCreated(after: $after) {
    cursor
    handoff { id priority problemSummary raisedBy { name } snapshot { stepCount } }
  }
}
"""

NEWS = """
subscription News($after: Cursor) {
  handoffEvents(after: $after) {
    __typename
    ... on StreamReady { openHandoffs }
    ... on HandoffEvent { actor { name } handoff { id } }
  }
}
"""

ESCALATE = """
mutation Escalate($input: EscalateInput!) {
  escalate(input: $input) {
    __typename
    ... on EscalateSuccess {
      handoff { id snapshot { stepCount hypothesesOpen hypothesesRuledOut } }
      session { status }
      documentation { markdown }
      deliveries { channel state skipReason }
    }
    ... on Problem { message }
  }
}
"""

BELL = """
query Bell {
  notifications(first: 5, unreadOnly: true) {
    edges { node { title link handoff { id } } }
  }
}
"""

CLAIM = """
mutation Claim($input: ClaimHandoffInput!) {
  claimHandoff(input: $input) {
    __typename
    ... on ClaimHandoffSuccess { handoff { claimedBy { id name } claimedAt } }
    ... on HandoffAlreadyClaimed { claimedBy { id name } claimedAt }
    ... on Problem { message }
  }
}
"""

LOOK = """
query Look($session: ID!, $handoff: ID!) {
  session(id: $session) {
    status
    escalatedTo { id }
    steps(first: 50) { edges { node { title } } }
  }
  handoff(id: $handoff) { status claimedBy { name } session { id } snapshot { stepCount } }
  node(id: $session) { id }
}
"""

SUGGESTED = """
query Suggested($handoff: ID!) {
  handoff(id: $handoff) { assessment { derived suggestedNextSteps { id title } } }
}
"""

START_SUGGESTED = """
mutation StartSuggested($input: StartSuggestedStepInput!) {
  startSuggestedStep(input: $input) {
    __typename
    ... on StartSuggestedStepSuccess { step { id outcome } }
    ... on Problem { message }
  }
}
"""

OUTCOME = """
mutation Outcome($input: RecordOutcomeInput!) {
  recordOutcome(input: $input) {
    __typename
    ... on RecordOutcomeSuccess { step { position title outcome suggestionId } }
    ... on Problem { message }
  }
}
"""

RESOLVE = """
mutation Resolve($input: ResolveSessionInput!) {
  resolveSession(input: $input) {
    __typename
    ... on ResolveSessionSuccess { session { status } }
    ... on Problem { message }
  }
}
"""

SAVE = """
mutation Save($input: SaveIntegrationInput!) {
  saveIntegration(input: $input) {
    __typename
    ... on SaveIntegrationSuccess { integration { id kind name } }
    ... on Problem { message }
  }
}
"""

RELEASE = """
mutation Release($input: ReleaseHandoffInput!) {
  releaseHandoff(input: $input) {
    __typename
    ... on ReleaseHandoffSuccess { handoff { status } }
    ... on Problem { message }
  }
}
"""

DELIVERIES = """
query Deliveries($handoff: ID!) {
  handoff(id: $handoff) {
    status
    claimedBy { id name }
    deliveries {
      id channel purpose state target attempts externalRef skipReason lastError nextAttemptAt
      attemptHistory { number outcome status error }
    }
  }
}
"""

REDELIVER = """
mutation Redeliver($input: RedeliverInput!) {
  redeliver(input: $input) {
    __typename
    ... on RedeliverSuccess { delivery { state } }
    ... on Problem { message }
  }
}
"""
