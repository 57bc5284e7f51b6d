"""`$filter`: from text to a test of a row, with SQL's three answers: true, false, unknown (None).

Grammar and functions: learn.microsoft.com webapi/query/filter-rows (facts, section 6.2).
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from activity_sync.sandbox.dynamics.comparing import comparable, folded, guid_order, like
from activity_sync.sandbox.dynamics.conditions import (
    NAMESPACE,
    Operand,
    Test,
    Truth,
    all_of,
    any_of,
    comparison,
    named_function,
)
from activity_sync.sandbox.dynamics.errors import bad_query, unknown_in_query
from activity_sync.sandbox.dynamics.filter_tokens import Token, moment_value, tokens
from activity_sync.sandbox.dynamics.schema import Column, Reference, Table
from activity_sync.sandbox.dynamics.virtual import row_of

if TYPE_CHECKING:
    from activity_sync.sandbox.dynamics.store import Store

Row = dict[str, Any]


def compile_filter(text: str, store: "Store", table: Table, *, aliases: Mapping[str, str] | None = None) -> Test:
    """The test that a `$filter` describes. Raises DataverseError 400 for syntax, unknown columns, unlike types."""
    parser = _Parser(tokens(text), store, table, aliases or {})
    test = parser.disjunction()
    parser.expect("end")
    return test


def read_path(store: "Store", table: Table, path: str) -> tuple[Callable[[Row], Any], Column]:
    """How to read a column, by its wire name or through one lookup: `regardingobjectid_contact_task/fullname`."""
    navigation, slash, rest = path.partition("/")
    if not slash:
        column = table.by_wire.get(path)
        if column is None:
            raise unknown_in_query(path, table.name)
        name = column.name
        return (lambda row: row.get(name)), column
    if navigation not in table.by_bind:
        raise unknown_in_query(navigation, table.name)
    lookup, targets = table.by_bind[navigation]
    if len(targets) > 1:
        raise unknown_in_query(rest, "principal")
    target = store.tables[targets[0]]
    read_further, column = read_path(store, target, rest)

    def through(row: Row) -> Any:
        reference: Reference | None = row.get(lookup.name)
        if reference is None or reference.table != target.name:
            return None
        found = row_of(store, target, reference.id)
        return None if found is None else read_further(found)

    return through, column


class _Parser:
    """Recursive descent: `or` over `and` over `not` over comparisons, calls and brackets."""

    def __init__(self, found: list[Token], store: "Store", table: Table, aliases: Mapping[str, str]) -> None:
        self._tokens = found
        self._position = 0
        self._store = store
        self._table = table
        self._aliases = aliases
        self._variable: str | None = None

    @property
    def _next(self) -> Token:
        return self._tokens[self._position]

    def _take(self) -> Token:
        token = self._next
        self._position += 1
        return token

    def expect(self, kind: str, text: str | None = None) -> Token:
        """Takes the next token, which must be of this kind and text."""
        token = self._take()
        if token.kind != kind or (text is not None and token.text != text):
            raise bad_query(f"Syntax error: '{text or kind}' expected at position {token.at}.")
        return token

    def _word(self, word: str) -> bool:
        if self._next.kind == "name" and self._next.text == word:
            self._position += 1
            return True
        return False

    def disjunction(self) -> Test:
        """Terms joined by `or`."""
        tests = [self._conjunction()]
        while self._word("or"):
            tests.append(self._conjunction())
        return tests[0] if len(tests) == 1 else (lambda row: any_of(tests, row))

    def _conjunction(self) -> Test:
        tests = [self._negation()]
        while self._word("and"):
            tests.append(self._negation())
        return tests[0] if len(tests) == 1 else (lambda row: all_of(tests, row))

    def _negation(self) -> Test:
        if self._word("not"):
            inner = self._negation()
            return lambda row: None if (truth := inner(row)) is None else not truth
        if self._next.kind == "mark" and self._next.text == "(":
            self._take()
            inner = self.disjunction()
            self.expect("mark", ")")
            return inner
        return self._term()

    def _term(self) -> Test:
        token = self._next
        if token.kind == "name" and self._tokens[self._position + 1].text == "(":
            if token.text.startswith(NAMESPACE):
                return self._function()
            if token.text.endswith(("/any", "/all")):
                return self._lambda()
            if token.text in ("contains", "startswith", "endswith"):
                return self._text_function()
            raise bad_query(f"An unknown function with name '{token.text}' was found.")
        left = self._operand()
        operator = self.expect("name").text
        if operator not in ("eq", "ne", "gt", "ge", "lt", "le"):
            raise bad_query(f"Syntax error: '{operator}' is not an operator.")
        right = self._operand()
        return comparison(left, operator, right)

    def _operand(self) -> Operand:
        token = self._take()
        match token.kind:
            case "string":
                text = folded(token.text)
                return Operand(lambda _: text, "Edm.String")
            case "guid":
                guid = guid_order(token.text.lower())
                return Operand(lambda _: guid, "Edm.Guid")
            case "moment":
                moment = moment_value(token.text)
                if moment is None:
                    raise bad_query(f"The date literal '{token.text}' is not valid.")
                return Operand(lambda _: moment, "Edm.DateTimeOffset")
            case "number":
                number = float(token.text) if "." in token.text else int(token.text)
                return Operand(lambda _: number, "Edm.Int32")
            case "name" if token.text in ("true", "false"):
                truth = token.text == "true"
                return Operand(lambda _: truth, "Edm.Boolean")
            case "name" if token.text == "null":
                return Operand(lambda _: None, "null")
            case "name" if token.text.startswith("@"):
                return self._alias(token.text)
            case "name":
                read, column = self._path(token.text)
                return Operand(lambda row: comparable(column, read(row)), column.edm_type, column)
        raise bad_query(f"Syntax error at position {token.at}.")

    def _alias(self, name: str) -> Operand:
        if name not in self._aliases:
            raise bad_query(f"The parameter alias '{name}' has no value.")
        inner = _Parser(tokens(self._aliases[name]), self._store, self._table, {})
        operand = inner._operand()
        inner.expect("end")
        return operand

    def _path(self, path: str) -> tuple[Callable[[Row], Any], Column]:
        variable, slash, rest = path.partition("/")
        if self._variable is not None and slash and variable == self._variable:
            path = rest
        read, column = read_path(self._store, self._table, path)
        if not column.filterable:
            raise bad_query(f"The attribute '{column.name}' cannot be used in a filter condition.")
        return read, column

    def _text_function(self) -> Test:
        name = self._take().text
        self.expect("mark", "(")
        read, column = self._path(self.expect("name").text)
        self.expect("mark", ",")
        wanted = self._operand()
        self.expect("mark", ")")
        if column.kind not in ("string", "memo") or wanted.edm != "Edm.String":
            raise bad_query(f"No function signature for the function with name '{name}' matches the arguments.")
        core = folded(str(wanted.read({})))
        pattern = like(f"{'' if name == 'startswith' else '%'}{core}{'' if name == 'endswith' else '%'}")

        def test(row: Row) -> Truth:
            value = read(row)
            return None if value is None else pattern.fullmatch(folded(value)) is not None

        return test

    def _lambda(self) -> Test:
        path = self._take().text
        name, _, quantifier = path.rpartition("/")
        self.expect("mark", "(")
        table, children = collection_rows(self._store, self._table, name)
        if self._next.text == ")" and quantifier == "any":
            self._take()
            return lambda row: bool(children(row))
        variable = self.expect("name").text
        self.expect("mark", ":")
        outer = (self._table, self._variable)
        self._table, self._variable = table, variable
        inner = self.disjunction()
        self._table, self._variable = outer
        self.expect("mark", ")")
        if quantifier == "any":
            return lambda row: any(inner(child) for child in children(row))
        return lambda row: all(inner(child) for child in children(row))

    def _function(self) -> Test:
        name = self._take().text.removeprefix(NAMESPACE)
        self.expect("mark", "(")
        arguments: dict[str, list[str]] = {}
        while True:
            key = self.expect("name").text
            self.expect("mark", "=")
            arguments[key] = self._argument()
            if self._take().text == ")":
                break
        path = (arguments.get("PropertyName") or [""])[0]
        values = arguments.get("PropertyValues") or arguments.get("PropertyValue") or []
        column_name = self._table.columns[path].wire_name if path in self._table.columns else path
        read, column = self._path(column_name)
        return named_function(name, read, column, values, self._store)

    def _argument(self) -> list[str]:
        token = self._take()
        if token.kind == "name" and token.text.startswith("@") and token.text in self._aliases:
            return _Parser(tokens(self._aliases[token.text]), self._store, self._table, {})._argument()  # noqa: SLF001
        if token.text != "[" or token.kind != "mark":
            return [token.text]
        values: list[str] = []
        while True:
            item = self._take()
            if item.kind == "mark" and item.text == "]" and not values:
                return values
            # Inside an array an apostrophe is not doubled: such a value goes in double quotes.
            if item.kind == "string" and "'" in item.text:
                raise bad_query("Invalid JSON. An unexpected character was found in the array of values.")
            values.append(item.text)
            closing = self._take()
            if closing.text == "]":
                return values
            if closing.text != ",":
                raise bad_query("Invalid JSON. A comma or a closing bracket was expected in the array of values.")


def collection_rows(store: "Store", table: Table, name: str) -> tuple[Table, Callable[[Row], list[Row]]]:
    """The rows of a collection-valued navigation. Raises DataverseError for an unknown one."""
    if table.has_parties and name == table.party_property:
        return store.tables["activityparty"], lambda row: store.parties.get(row["activityid"], [])
    collection = next((each for each in table.collections if each.name == name), None)
    if collection is None:
        raise unknown_in_query(name, table.name)
    child = store.tables[collection.table]

    def children(row: Row) -> list[Row]:
        owner = Reference(table.name, row[table.key])
        return [each for each in store.all_rows(child.name) if each.get(collection.column) == owner]

    return child, children
