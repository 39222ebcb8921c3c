"""The selection sets of one operation, each priced once: under the type that it is written for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from graphql import (
    BooleanValueNode,
    DocumentNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    InlineFragmentNode,
    IntValueNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_list_type,
    is_non_null_type,
)

from app.graphql.limits.amounts import Amount, Factor, Given, Page, When, most, plus, times
from app.graphql.limits.introspection import WRAPPED
from app.graphql.limits.sizes import FIELD, POINT

if TYPE_CHECKING:
    from app.graphql.limits.pricing import Pricing

Part: TypeAlias = tuple[Amount, Amount]
"""Of a selection set: what it costs, and what it costs besides for each item of a page."""


class Selections:
    """Of a valid operation, with the fragments in ``document``."""

    def __init__(
        self, pricing: Pricing, document: DocumentNode, operation: OperationDefinitionNode
    ) -> None:
        self.pricing = pricing
        self.schema = pricing.schema
        self.sizes = pricing.sizes
        self.written = operation
        self.fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self.defaults = {
            definition.variable.name.value: literal(definition.default_value)
            for definition in operation.variable_definitions or ()
        }
        self.known: dict[tuple[int, str], Part] = {}

    def all(self) -> Part:
        root = self.schema.get_root_type(self.written.operation)
        assert root is not None  # noqa: S101  # it is valid
        return self.part(self.written.selection_set, root.name, within="")

    def part(self, selections: SelectionSetNode, parent: str, *, within: str) -> Part:
        """``within``: the field of introspection, if it is one, that all this is selected of."""
        key = (id(selections), within)
        part = self.known.get(key)
        if part is None:
            self.known[key] = (0, 0)  # for one that contains itself: it is not valid
            part = self.known[key] = self.priced(selections, parent, within=within)
        return part

    def priced(self, selections: SelectionSetNode, parent: str, *, within: str) -> Part:
        always: list[Part] = []
        types = self.pricing.possible[parent]
        by_type: dict[str, list[Part]] = {}
        for selection in selections.selections:
            when = self.condition(selection)
            if isinstance(selection, FieldNode):
                part = self.field(selection, parent, within=within)
                always.append(multiplied(when, part))
                continue
            condition, below = self.fragment(selection, parent)
            part = multiplied(when, self.part(below, condition, within=within))
            matching = self.pricing.possible[condition]
            if types <= matching:
                always.append(part)
            else:
                for name in types & matching:
                    by_type.setdefault(name, []).append(part)
        if by_type:
            always.append(dearest(by_type.values()))
        return added(always)

    def fragment(self, selection: Node, parent: str) -> tuple[str, SelectionSetNode]:
        if isinstance(selection, FragmentSpreadNode):
            definition = self.fragments[selection.name.value]
            return definition.type_condition.name.value, definition.selection_set
        assert isinstance(selection, InlineFragmentNode)  # noqa: S101  # there is no fourth kind
        named = selection.type_condition
        return named.name.value if named else parent, selection.selection_set

    def field(self, node: FieldNode, parent: str, *, within: str) -> Part:
        name = node.name.value
        type_: Any = self.schema.type_map[parent]
        definition = self.schema.get_field(type_, name)
        work = self.work(parent, name)
        if definition is None or node.selection_set is None:
            return (work + FIELD, 0)
        if f"{parent}.{name}" == within == WRAPPED:
            return (0, 0)
        named: Any = get_named_type(definition.type)
        each = self.one(node, definition, named.name, f"{parent}.{name}")
        if not is_list(definition.type):
            return (plus((work, each)), 0)
        size = self.size(parent, name, within=within)
        if isinstance(size, str):
            return (work, each)
        return (plus((work, times(size, each))), 0)

    def size(self, parent: str, name: str, *, within: str) -> int | str:
        described = self.pricing.described.size(parent, name, within=within)
        return self.sizes.list(parent, name) if described is None else described

    def one(self, node: FieldNode, definition: GraphQLField, type_: str, path: str) -> Amount:
        """An object that the field gives, with all below it."""
        assert node.selection_set is not None  # noqa: S101  # asked before
        own, per_item = self.part(
            node.selection_set, type_, within=path if path.startswith("__") else ""
        )
        return plus((POINT, own, times(self.page(node, definition), per_item)))

    def work(self, parent: str, name: str) -> int:
        mutation = self.schema.mutation_type
        if mutation is None or parent != mutation.name:
            return 0
        return self.sizes.work.get(f"{parent}.{name}", self.sizes.mutation) * POINT

    # ------------------------------------------------------------------ what variables decide

    def page(self, node: FieldNode, definition: GraphQLField) -> int | Factor:
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        usual = self.sizes.usual_page
        wanted = []
        for name in ("first", "last"):
            if name in definition.args:
                default = definition.args[name].default_value
                if isinstance(default, int):
                    usual = default
                if name in given:
                    wanted.append(self.argument(given[name]))
        page = Page(tuple(wanted), usual, self.sizes.largest_page)
        return page if any(isinstance(each, Given) for each in wanted) else page.of({})

    def condition(self, selection: Any) -> int | Factor:
        """Of @skip and @include: how often the selection is there, once or not at all."""
        factors: list[int | Factor] = []
        for directive in selection.directives or ():
            wanted = {"include": True, "skip": False}.get(directive.name.value)
            if wanted is None:
                continue
            for argument in directive.arguments or ():
                condition = self.argument(argument.value)
                if isinstance(condition, Given):
                    factors.append(When(condition, wanted))
                elif isinstance(condition, bool):
                    factors.append(int(condition is wanted))
        if 0 in factors:
            return 0
        return factors[0] if factors else 1  # two of them are rare: one decides, and is no less

    def argument(self, node: ValueNode) -> Any:
        if isinstance(node, VariableNode):
            name = node.name.value
            return Given(name, self.defaults.get(name))
        return literal(node)


def is_list(type_: Any) -> bool:
    return is_list_type(type_.of_type if is_non_null_type(type_) else type_)


def literal(node: ValueNode | None) -> Any:
    """None for what is no number and no truth value."""
    if isinstance(node, BooleanValueNode):
        return node.value
    if isinstance(node, IntValueNode | FloatValueNode):
        return float(node.value)
    return None


def multiplied(factor: int | Factor, part: Part) -> Part:
    return (times(factor, part[0]), times(factor, part[1]))


def added(parts: list[Part]) -> Part:
    return (plus(own for own, _ in parts), plus(per_item for _, per_item in parts))


def dearest(alternatives: Iterable[list[Part]]) -> Part:
    totals = [added(parts) for parts in alternatives]
    return (most(own for own, _ in totals), most(per_item for _, per_item in totals))
