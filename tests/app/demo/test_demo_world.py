"""The demo world is one that a service provider would recognise, and fits the service's bounds."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.demo.shapes import Case, State, Tenant
from app.demo.world import ACME, GLOBEX, TENANTS, find
from db.ids import uuid7
from db.models.vocabulary import HandoffIntent, Role, StepKind, StepOutcome
from services.handoffs.escalating import Escalation
from services.redaction import redact
from services.sessions.recording import StepDraft
from services.sessions.starting import SessionDraft

CASES = [(tenant, case) for tenant in TENANTS for case in tenant.cases]
each_case = pytest.mark.parametrize(
    ("tenant", "case"), CASES, ids=[f"{t.slug}-{c.summary[:40]}" for t, c in CASES]
)


def test_both_accounts_have_the_five_people_that_are_promised():
    for tenant in TENANTS:
        assert [(p.login, p.role, p.tier) for p in tenant.people] == [
            ("tier1", Role.ENGINEER, 1),
            ("tier2", Role.ENGINEER, 2),
            ("tier3", Role.ENGINEER, 3),
            ("admin", Role.ADMIN, 3),
            ("viewer", Role.VIEWER, 1),
        ]
    names = [person.name for tenant in TENANTS for person in tenant.people]
    assert len(set(names)) == len(names)


def test_people_are_found_by_their_address_and_strangers_are_not():
    found = find("Tier2@Globex.test")
    assert found is not None
    assert (found[0].slug, found[1].login) == ("globex", "tier2")
    assert find("tier4@acme.test") is None
    assert find("tier1@initech.test") is None


def test_there_is_enough_work_and_every_state_is_shown():
    assert len(ACME.cases) >= 14
    assert len(GLOBEX.cases) >= 6
    assert {case.state for case in ACME.cases} == set(State)
    legacy = [case for _, case in CASES if case.state is State.WAITING_LEGACY]
    assert len(legacy) == 1


def test_the_work_covers_what_a_service_desk_meets():
    domains = " ".join(f"{case.domain} {case.summary}" for case in ACME.cases).lower()
    for topic in (
        "mail flow",
        "vpn",
        "printing",
        "sign-in",
        "mfa",
        "backup",
        "dns",
        "remote desktop",
        "wi-fi",
        "line-of-business",
        "onedrive",
        "dhcp",
        "certificate",
        "hyper-v",
    ):
        assert topic in domains, topic


def test_tickets_customers_and_targets_are_there_for_some_and_missing_for_others():
    systems = {case.ticket.system for _, case in CASES if case.ticket}
    assert systems == {"ConnectWise", "HaloPSA", "Autotask"}
    assert any(case.ticket is None for _, case in CASES)
    assert any(case.customer.reachable_for for _, case in CASES)
    escalations = [case.escalation for _, case in CASES if case.escalation]
    assert {escalation.intent for escalation in escalations} == set(HandoffIntent)
    assert any(escalation.target for escalation in escalations)
    assert any(escalation.target is None for escalation in escalations)


def test_every_kind_of_step_and_every_outcome_is_shown():
    steps = [step for _, case in CASES for step in case.steps]
    assert {step.kind for step in steps} == set(StepKind) - {StepKind.GUIDANCE}
    assert {step.outcome for step in steps} == set(StepOutcome)


def test_a_summary_or_a_ticket_names_one_session_only():
    for tenant in TENANTS:
        summaries = Counter(case.summary for case in tenant.cases)
        assert max(summaries.values()) == 1
    tickets = Counter((c.ticket.system, c.ticket.number) for _, c in CASES if c.ticket)
    assert max(tickets.values()) == 1


def test_one_pasted_password_shows_redaction_and_nothing_else_is_taken_for_a_secret():
    redacted = [(text, redact(text)) for text in texts() if redact(text).count]
    assert len(redacted) == 1
    ((text, masked),) = redacted
    assert masked.count == 1
    assert masked.text == text.replace("NotARealPassword-2041", "[redacted]")


def texts() -> Iterator[str]:
    """Everything that travels with a handoff."""
    for _, case in CASES:
        yield from (case.summary, case.environment, case.customer.contact)
        for step in case.steps:
            yield from (step.title, step.detail or "", step.hypothesis or "")
        if case.escalation:
            yield from (case.escalation.reason, case.escalation.notes or "")
        if case.resolution:
            yield case.resolution.text


@each_case
def test_a_timeline_is_whole_and_runs_forward(tenant: Tenant, case: Case):
    assert 5 <= len(case.steps) <= 15
    titles = [step.title for step in case.steps]
    assert len(set(titles)) == len(titles)
    minutes = [
        0,
        *(step.at for step in case.steps if case.escalation is None or step.at <= escalated(case)),
        *([escalated(case)] if case.escalation else []),
        *([case.claim.at] if case.claim else []),
        *(step.at for step in case.steps if case.escalation and step.at > escalated(case)),
        *([case.resolution.at] if case.resolution else []),
    ]
    assert minutes == sorted(set(minutes))
    assert timedelta(minutes=minutes[-1]) < case.age


def escalated(case: Case) -> int:
    assert case.escalation is not None
    return case.escalation.at


@each_case
def test_the_people_in_a_case_may_do_what_they_do(tenant: Tenant, case: Case):
    parts = {login: tenant.person(login) for login in case.involves()}
    assert all(person.role is Role.ENGINEER for person in parts.values())
    if case.claim:
        assert case.escalation is not None
        assert case.claim.by != case.owner
        assert any(step.at > case.claim.at for step in case.steps), "the claimer did nothing"
    if case.escalation and case.escalation.target:
        assert case.escalation.target != case.owner


@each_case
def test_a_hypothesis_that_is_handed_over_is_still_open_and_something_is_ruled_out(
    tenant: Tenant, case: Case
):
    verdicts: dict[str, StepOutcome] = {}
    for step in case.steps:
        assert step.kind is not StepKind.QUESTION or step.hypothesis is None
        if step.hypothesis:
            verdicts[step.hypothesis] = step.outcome
    assert StepOutcome.FAILED in verdicts.values()
    if case.state in (State.WAITING, State.WAITING_LEGACY, State.ACTIVE):
        assert set(verdicts.values()) - {StepOutcome.FAILED}


@each_case
def test_texts_fit_the_services_bounds(tenant: Tenant, case: Case):
    customer = case.customer
    SessionDraft(
        problem_summary=case.summary,
        problem_domain=case.domain,
        environment=case.environment,
        customer_name=customer.name,
        customer_contact=customer.contact,
        ticket_system=case.ticket.system if case.ticket else None,
        ticket_number=case.ticket.number if case.ticket else None,
    ).checked()
    assert len(case.summary) <= 100, "a queue shows it on one line"
    for step in case.steps:
        draft = StepDraft(step.kind, step.title, step.detail, step.hypothesis, step.outcome)
        assert draft.checked() == draft
    if case.escalation:
        Escalation(uuid7(), case.escalation.reason, case.escalation.notes).checked()
