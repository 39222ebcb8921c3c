"""The requests that are measured: one document each, its variables, its bytes on the wire."""

from typing import Any, Final

import orjson

WAITING: Final = """
fragment Waiting on Handoff {
  id
  intent
  status
  priority
  problemSummary
  reason
  createdAt
  raisedBy { id name tier }
  session {
    id
    status
    problemDomain
    environment
    customer { name }
    ticket { system number }
    owner { id name tier }
  }
  snapshot { capturedAt problemSummary stepCount hypothesesOpen hypothesesRuledOut }
}
"""

QUEUE: Final = (
    """
query Queue {
  handoffQueue(first: 50) {
    count
    cursor
    handoffs { ...Waiting }
  }
}
"""
    + WAITING
)

HANDOFFS: Final = (
    """
query Handoffs {
  handoffs(first: 50) {
    nodes {
      ...Waiting
      claimedBy { id name tier }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + WAITING
)

SESSIONS: Final = """
query Sessions {
  sessions(first: 50) {
    nodes {
      id
      status
      problemSummary
      problemDomain
      environment
      stepCount
      createdAt
      updatedAt
      customer { name }
      ticket { system number }
      owner { id name tier }
      escalatedTo { id name tier }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""

ESCALATE: Final = """
mutation Escalate($input: EscalateInput!) {
  escalate(input: $input) {
    __typename
    ... on EscalateSuccess {
      handoff { id status priority problemSummary createdAt }
      session { id status escalationReason }
      documentation { markdown }
      deliveries { channel target state skipReason }
    }
    ... on Problem { message }
  }
}
"""

CLAIM: Final = """
mutation Claim($input: ClaimHandoffInput!) {
  claimHandoff(input: $input) {
    __typename
    ... on ClaimHandoffSuccess {
      handoff { id status claimedAt }
      session { id status }
    }
    ... on HandoffAlreadyClaimed { claimedBy { id name } claimedAt }
    ... on Problem { message }
  }
}
"""

REASON: Final = "Mail stops for the whole site, and the router's log says nothing I understand."
NOTES: Final = "The customer is on site until six.\nPlease call before restarting anything."


LISTS: Final = {"queue": QUEUE, "handoffs": HANDOFFS, "sessions": SESSIONS}


def listing(name: str) -> bytes:
    return _body(LISTS[name], {})


def escalate(session_id: str) -> bytes:
    asked = {"sessionId": session_id, "reason": REASON, "notes": NOTES, "priority": "HIGH"}
    return _body(ESCALATE, {"input": asked})


def claim(handoff_id: str) -> bytes:
    return _body(CLAIM, {"input": {"handoffId": handoff_id}})


def post(path: str, headers: dict[str, str], body: bytes) -> bytes:
    """A whole HTTP/1.1 request on a connection that is kept."""
    lines = [
        f"POST {path} HTTP/1.1",
        "host: benchmark",
        "accept: application/json",
        "content-type: application/json",
        f"content-length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _body(query: str, variables: dict[str, Any]) -> bytes:
    return orjson.dumps({"query": query, "variables": variables})
