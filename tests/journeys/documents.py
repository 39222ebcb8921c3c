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

DECLINE = """
mutation Decline($input: DeclineHandoffInput!) {
  declineHandoff(input: $input) {
    __typename
    ... on DeclineHandoffSuccess {
      handoff { id status version viewerCan }
      session { id status escalatedTo { email } }
    }
    ... on HandoffChanged { handoff { id status version viewerCan } }
    ... on HandoffNotOpen { status }
    ... on InvalidInput { field }
    ... on Problem { message }
  }
}
"""

REASSIGN = """
mutation Reassign($input: ReassignHandoffInput!) {
  reassignHandoff(input: $input) {
    __typename
    ... on ReassignHandoffSuccess {
      handoff { id status version viewerCan }
      session { id status escalatedTo { email } }
    }
    ... on HandoffChanged { handoff { id status version viewerCan } }
    ... on HandoffNotOpen { status }
    ... on TargetNotEligible { reason }
    ... on InvalidInput { field }
    ... on Problem { message }
  }
}
"""

CANCEL = """
mutation Cancel($input: CancelHandoffInput!) {
  cancelHandoff(input: $input) {
    __typename
    ... on CancelHandoffSuccess {
      handoff { id status version viewerCan }
      session { id status escalatedTo { email } }
    }
    ... on HandoffChanged { handoff { id status version viewerCan } }
    ... on HandoffNotOpen { status }
    ... on InvalidInput { field }
    ... on Problem { message }
  }
}
"""

RELEASE = """
mutation Release($input: ReleaseHandoffInput!) {
  releaseHandoff(input: $input) {
    __typename
    ... on ReleaseHandoffSuccess {
      handoff { id status version viewerCan }
      session { id status escalatedTo { email } }
    }
    ... on HandoffChanged { handoff { id status version viewerCan } }
    ... on HandoffNotClaimed { status }
    ... on InvalidInput { field }
    ... on Problem { message }
  }
}
"""

RETURN = """
mutation Return($input: ReturnHandoffInput!) {
  returnHandoff(input: $input) {
    __typename
    ... on ReturnHandoffSuccess {
      handoff { id status version viewerCan }
      session { id status escalatedTo { email } }
    }
    ... on HandoffChanged { handoff { id status version viewerCan } }
    ... on HandoffNotClaimed { status }
    ... on InvalidInput { field }
    ... on Problem { message }
  }
}
"""

ESCALATE_MANY = """
mutation EscalateMany($input: EscalateManyInput!) {
  escalateMany(input: $input) {
    __typename
    ... on EscalateManySuccess { handoffs { id status intent session { id status } } }
    ... on SessionsNotEscalatable { refusals { sessionId problem { __typename message } } }
    ... on InvalidInput { field }
    ... on Problem { message }
  }
}
"""

CLAIM_MANY = """
mutation ClaimMany($input: ClaimHandoffsInput!) {
  claimHandoffs(input: $input) {
    __typename
    ... on ClaimHandoffsSuccess {
      results {
        handoffId
        result {
          __typename
          ... on ClaimHandoffSuccess { handoff { id status } session { id status } }
          ... on HandoffAlreadyClaimed { claimedAt claimedBy { email name } }
          ... on Problem { message }
        }
      }
    }
    ... on InvalidInput { field }
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

HISTORY = """
query History($id: ID!, $first: Int, $after: String) {
  handoff(id: $id) {
    id status version viewerCan
    history(first: $first, after: $after) {
      nodes {
        __typename
        cursor
        occurredAt
        actor { email }
        ... on HandoffDeclined { reason }
        ... on HandoffReassigned { previousTarget { email } target { email } }
        ... on HandoffReleased { reason }
        ... on HandoffReturned { guidance }
        ... on HandoffResolved { resolution }
      }
      pageInfo { hasNextPage endCursor }
    }
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
