"""What a mutant changes: operators of cosmic-ray, and four for numerical code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from cosmic_ray.ast import is_number
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator
from parso.python.tree import Name

Position = tuple[tuple[int, int], tuple[int, int]]


class Rewrite(Operator):
    """Replaces the code of a node; `rewritten` says with what."""

    def rewritten(self, node: Any) -> str | None:
        """The new code of a node, or None to leave it."""
        raise NotImplementedError

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        """Where the node is, if this operator changes it."""
        if self.rewritten(node) is not None:
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Name:
        """The node with its new code."""
        return Name(self.rewritten(node), node.start_pos, node.get_first_leaf().prefix)

    @classmethod
    def examples(cls) -> tuple[()]:
        """None: cosmic-ray's own tests ask for them."""
        return ()


class TenTimes(Rewrite):
    """`x` becomes `x * 10`, for a number that is not 0."""

    def rewritten(self, node: Any) -> str | None:
        """The number in brackets, times 10."""
        return f"({node.value} * 10)" if is_number(node) and float(eval(node.value)) else None


class FirstOperand(Rewrite):
    """`a * b` becomes `a`; so do sums, differences and quotients."""

    def rewritten(self, node: Any) -> str | None:
        """All but the last operand."""
        if node.type not in ("term", "arith_expr"):
            return None
        return "".join(child.get_code() for child in node.children[:-2]).strip()


class OtherFunction(Rewrite):
    """`min` becomes `max`, and so on: a function of the same arguments."""

    OTHERS: ClassVar[dict[str, str]] = {
        "min": "max", "max": "min", "median": "max", "mean": "sum", "sum": "mean", "floor": "ceil",
        "sin": "cos", "cos": "sin", "sqrt": "square", "square": "abs", "relu": "abs",
    }  # fmt: skip

    def rewritten(self, node: Any) -> str | None:
        """The other name, where the name is called."""
        called = node.type == "name" and node.get_next_leaf().value == "("
        return self.OTHERS.get(node.value) if called else None


class NoStatement(Rewrite):
    """A call that stands alone, or `x += y`, becomes `pass`."""

    def rewritten(self, node: Any) -> str | None:
        """`pass` for a whole statement of these kinds."""
        if node.parent is None or node.parent.type != "simple_stmt":
            return None
        call = node.type == "atom_expr" and node.children[-1].get_code().endswith(")")
        augmented = node.type == "expr_stmt" and node.children[1].get_code().strip().endswith("=")
        augmented = augmented and node.children[1].get_code().strip() != "="
        return "pass" if call or augmented else None


#: Those of cosmic-ray that make a plausible mistake: `+` to `>>` is caught by any test at all.
NAMES = (
    "AddNot", "NumberReplacer", "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue", "ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_Delete_USub",
    "ReplaceBinaryOperator_Add_Sub", "ReplaceBinaryOperator_Sub_Add",
    "ReplaceBinaryOperator_Mul_Div", "ReplaceBinaryOperator_Div_Mul",
    "ReplaceBinaryOperator_Pow_Mul", "ReplaceBinaryOperator_FloorDiv_Mul",
    "ReplaceBinaryOperator_Mod_Add", "ReplaceComparisonOperator_Lt_LtE",
    "ReplaceComparisonOperator_LtE_Lt", "ReplaceComparisonOperator_Gt_GtE",
    "ReplaceComparisonOperator_GtE_Gt", "ReplaceComparisonOperator_Eq_NotEq",
    "ReplaceComparisonOperator_NotEq_Eq", "ReplaceComparisonOperator_Is_IsNot",
    "ReplaceComparisonOperator_IsNot_Is", "ZeroIterationForLoop",
)  # fmt: skip

#: Every operator, by name.
OPERATORS: dict[str, Operator] = {
    **{name: get_operator(f"core/{name}")() for name in NAMES},
    **{kind.__name__: kind() for kind in (TenTimes, FirstOperand, OtherFunction, NoStatement)},
}
