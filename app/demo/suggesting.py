"""What the assessment suggests is taken up, and it is said what came of it."""

from app.demo import documents
from app.demo.cast import Engineer
from app.demo.report import Report


async def take_up(winner: Engineer, handoff_id: str, report: Report) -> None:
    """The first suggestion, of a rule or a model. Raises StoryStopped where that is refused."""
    seen = await winner.client.ask(documents.SUGGESTED, handoff=handoff_id)
    assessment = seen["handoff"]["assessment"]
    suggested = assessment["suggestedNextSteps"]
    if not suggested:  # a model may find nothing
        report.say("Nothing is suggested next.")
        return
    by = "by rule from the steps" if assessment["derived"] else "by a language model"
    report.say(f"Suggested next, {by}: {suggested[0]['title']}")
    wanted = {"handoffId": handoff_id, "suggestionId": suggested[0]["id"]}
    step = (await winner.do(documents.START_SUGGESTED, "startSuggestedStep", wanted))["step"]
    said = {"stepId": step["id"], "outcome": "WORKED"}
    done = (await winner.do(documents.OUTCOME, "recordOutcome", said))["step"]
    report.promise(
        "What is suggested becomes a step that knows what came of it",
        (step["outcome"], done["outcome"]) == ("PENDING", "WORKED")
        and done["suggestionId"] == suggested[0]["id"],
        f"step {done['position']}: {done['title']} ({done['outcome'].lower()})",
    )
