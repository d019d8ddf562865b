"""What is changed to make a mutant: Cosmic Ray's operators that a reader of this code would fear, and three of ours.

Left out of Cosmic Ray's: the other replacements of one operator by each of eleven (one does as well), decorators (they
register), and whatever only annotations have.
"""

from collections.abc import Iterator
from typing import Any

from cosmic_ray.operators.exception_replacer import ExceptionReplacer
from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.plugins import get_operator

FROM_COSMIC_RAY = (
    "ReplaceComparisonOperator_Gt_GtE",
    "ReplaceComparisonOperator_GtE_Gt",
    "ReplaceComparisonOperator_Lt_LtE",
    "ReplaceComparisonOperator_LtE_Lt",
    "ReplaceComparisonOperator_Eq_NotEq",
    "ReplaceComparisonOperator_NotEq_Eq",
    "ReplaceComparisonOperator_Is_IsNot",
    "ReplaceComparisonOperator_IsNot_Is",
    "ReplaceBinaryOperator_Add_Sub",
    "ReplaceBinaryOperator_Sub_Add",
    "ReplaceBinaryOperator_Mul_Div",
    "ReplaceBinaryOperator_Div_Mul",
    "ReplaceBinaryOperator_BitAnd_BitOr",
    "ReplaceBinaryOperator_BitOr_BitAnd",
    "ReplaceUnaryOperator_Delete_Not",
    "ReplaceUnaryOperator_Delete_USub",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "AddNot",
    "NumberReplacer",
    "ZeroIterationForLoop",
)
SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any", "startswith": "endswith", "endswith": "startswith"}
KEPT = {"strip", "lower", "casefold", "removeprefix", "removesuffix"}
"""Methods whose call is taken out, so that the text stays as it came."""


class _Ours(Operator):  # type: ignore[misc] # published without types
    """An operator that changes one kind of node in one way."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if self.fits(node):
            yield node.start_pos, node.end_pos

    def fits(self, node: Any) -> bool:
        raise NotImplementedError

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return ()


class SwapCall(_Ours):
    """A function for its opposite: the least for the greatest, any for all."""

    def fits(self, node: Any) -> bool:
        if node.type != "name" or node.value not in SWAPPED:
            return False
        after = node.get_next_leaf()
        return after is not None and after.value == "("

    def mutate(self, node: Any, index: int) -> Any:
        del index
        node.value = SWAPPED[node.value]
        return node


class DropFilter(_Ours):
    """A comprehension without its condition."""

    def fits(self, node: Any) -> bool:
        return bool(node.type == "comp_if")

    def mutate(self, node: Any, index: int) -> Any:
        del node, index
        return None  # Cosmic Ray leaves such a node out


class DropCall(_Ours):
    """A text as it came, without the call that would have cleaned it."""

    def fits(self, node: Any) -> bool:
        if node.type != "trailer" or node.children[0].value != "(":
            return False
        before = node.get_previous_sibling()
        return bool(before is not None and before.type == "trailer" and before.children[-1].value in KEPT)

    def mutate(self, node: Any, index: int) -> Any:
        del index
        leaf, last = node.get_previous_sibling().get_first_leaf(), node.get_last_leaf()
        while leaf is not last:
            leaf.value = leaf.prefix = ""
            leaf = leaf.get_next_leaf()
        last.value = last.prefix = ""
        return node


class Exceptions(ExceptionReplacer):  # type: ignore[misc] # published without types
    """Another exception than the one that is caught; one with a dotted name stays, which Cosmic Ray stumbles over."""

    @staticmethod
    def _name_nodes(node: Any) -> tuple[Any, ...]:
        return tuple(name for name in ExceptionReplacer._name_nodes(node) if name.type == "name")


OPERATORS: dict[str, Operator] = {
    **{name: get_operator(f"core/{name}")() for name in FROM_COSMIC_RAY},
    "ExceptionReplacer": Exceptions(),
    "SwapCall": SwapCall(),
    "DropFilter": DropFilter(),
    "DropCall": DropCall(),
}
