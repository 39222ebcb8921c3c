"""Formulas for costs: a number where nothing depends on variables, which is nearly always."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

Variables: TypeAlias = Mapping[str, Any]
Amount: TypeAlias = "int | Formula"


class Factor(Protocol):
    def of(self, variables: Variables) -> int: ...


class Formula:
    """``fixed``, plus each of ``products``, plus the largest of each of ``choices``. One that
    several places share is worked out once for each request."""

    __slots__ = ("choices", "fixed", "products")

    def __init__(
        self,
        fixed: int,
        products: tuple[tuple[int | Factor, Amount], ...],
        choices: tuple[tuple[Amount, ...], ...],
    ) -> None:
        self.fixed = fixed
        self.products = products
        self.choices = choices

    def of(self, variables: Variables, known: dict[int, int]) -> int:
        total = known.get(id(self))
        if total is None:
            total = self.fixed
            for factor, amount in self.products:
                times = factor if isinstance(factor, int) else factor.of(variables)
                total += times * _value(amount, variables, known)
            for each in self.choices:
                total += max(_value(amount, variables, known) for amount in each)
            known[id(self)] = total
        return total


def value(amount: Amount, variables: Variables) -> int:
    """``variables`` as they were sent, or anything: they are looked at before they are checked."""
    return _value(amount, variables, {})


def _value(amount: Amount, variables: Variables, known: dict[int, int]) -> int:
    return amount if isinstance(amount, int) else amount.of(variables, known)


def plus(amounts: Iterable[Amount]) -> Amount:
    fixed, rest = 0, []
    for amount in amounts:
        if isinstance(amount, int):
            fixed += amount
        else:
            rest.append(amount)
    if not rest:
        return fixed
    if len(rest) == 1 and not fixed:
        return rest[0]
    return Formula(fixed, tuple((1, amount) for amount in rest), ())


def times(factor: int | Factor, amount: Amount) -> Amount:
    if isinstance(factor, int) and isinstance(amount, int):
        return factor * amount
    if amount == 0 or factor == 0:
        return 0
    return amount if factor == 1 else Formula(0, ((factor, amount),), ())


def most(amounts: Iterable[Amount]) -> Amount:
    fixed, rest = 0, []
    for amount in amounts:
        if isinstance(amount, int):
            fixed = max(fixed, amount)
        else:
            rest.append(amount)
    return Formula(0, (), ((fixed, *rest),)) if rest else fixed


@dataclass(frozen=True, slots=True)
class Given:
    """A variable, and what holds when it is not given."""

    name: str
    otherwise: Any

    def of(self, variables: Variables) -> Any:
        return variables.get(self.name, self.otherwise)


@dataclass(frozen=True, slots=True)
class Page:
    """The first of ``wanted`` that is a number, as far as a page can be so large."""

    wanted: tuple[Any, ...]
    usual: int
    largest: int

    def of(self, variables: Variables) -> int:
        for each in self.wanted:
            size = each.of(variables) if isinstance(each, Given) else each
            if isinstance(size, int | float) and not isinstance(size, bool):
                return int(min(max(size, 0), self.largest))
        return self.usual


@dataclass(frozen=True, slots=True)
class When:
    """1 if a condition has the value, else 0. What is no truth value is refused later on."""

    condition: Given
    wanted: bool

    def of(self, variables: Variables) -> int:
        return int(self.condition.of(variables) is not (not self.wanted))
