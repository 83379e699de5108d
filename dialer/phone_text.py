"""A cell's text becomes the digits that somebody wrote in it, or the reason why they are not certain.

Knows how people and spreadsheets write, and nothing of any country's numbers: those belong to `phones`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from dialer.phone_problems import PhoneCode, PhoneProblem, phone_problem

_LONGEST_CELL = 250  # characters; no honest phone cell is longer
_MOST_DIGITS = 20  # E.164 allows 15; an international prefix and a bracketed zero come on top
_ONE_NUMBER = 7  # so many digits in a row, or on each side of a separator, are a number of their own


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in the cell: ASCII digits, and what can be told from how they are written."""

    digits: str  # without the plus
    plus: bool
    groups: tuple[str, ...]  # the digits as they were grouped
    zero_in_brackets: int  # where the 0 of "+44 (0)20" stands in `digits`; 0 where there is none
    extension: str | None


# Nothing but these signs: none of the dressings below can be there, so they need not be looked for.
_PLAIN = re.compile(r"(?:\+|\(\+?)?[0-9][0-9 .()-]*")

_TEXT_FORMULA = re.compile(r'=\s*"(.*)"', re.DOTALL)  # ="0201555": how a CSV keeps Excel from counting
_EXCEL_ERROR = re.compile(r"#+|#[¡¿]?[^\W\d_]\w*(?:/[0A-Z])?[!?]?|Err:\d{3}", re.IGNORECASE)
_TEST_LEAD = re.compile(r"<\s*test lead\b.*", re.IGNORECASE | re.DOTALL)
_FORMULA = re.compile(r"[=-].*[0-9].*", re.DOTALL)  # =201-555-0123, or the -477 that came of it
_SCIENTIFIC = re.compile(r"([0-9])(?:[.,]([0-9]+))?e\+?([0-9]{1,3})", re.IGNORECASE)
_DATE = re.compile(
    r"(?:(?:19|20)\d\d([-/.])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])(?:[ T]\d\d?:.*)?"
    r"|(?:0?[1-9]|[12]\d|3[01])([-/.])(?:0?[1-9]|[12]\d|3[01])\2(?:19|20)\d\d(?:[ T]\d\d?:.*)?"
    r"|\d{1,2}/\d{1,2}/\d\d)"
)
_KIND = (  # of a phone of the lead's own; a fax is none
    r"(?:mob(?:ile?)?|cell?(?:ular|phone)?|m[oó]vil|handy|gsm|portable|whatsapp|direct|work|office|home|private?)"
)
_LABEL = re.compile(
    rf"(?:(?:t[eé]l(?:[eé]fon[eo]?|[eé]phone|efoon)?|callto|ph(?:one)?(?: n(?:umber|o|r))?|rufnummer|{_KIND}"
    r"|[ptmchwd])\s?(?:[.:]\s?){1,2}(?://)?"
    rf"|(?:t[eé]l|ph(?:one)?|{_KIND})\s|[(\[]{_KIND}[)\]])\s*(?=[+(0-9])",
    re.IGNORECASE,
)
_LABEL_BEHIND = re.compile(
    rf"(?P<body>.*[0-9])\s*(?:[(\[]\s*(?:{_KIND}|[mchwd])\.?\s*[)\]]|[\s,-]\s*{_KIND}\.?)",
    re.IGNORECASE | re.DOTALL,
)
_LABEL_ALONE = re.compile(r"[ptm]\s?:|(?:tel|phone|mobile|mob|cell|callto)\s?[.:]{0,2}(?://)?", re.IGNORECASE)
_EXTENSION = re.compile(
    r"(?P<body>.*[0-9]\)?)[\s.,;(-]*"
    r"(?:;\s?ext\s?=|ext(?:ensi[oó]n|n)?|x|#|,,+|int(?:erno)?|anexo|ramal|poste|toestel|доб)"
    r"[\s.:#-]*(?P<extension>[0-9]{1,6})[\s)#]*",
    re.IGNORECASE | re.DOTALL,
)
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3}){3,4}(?:\.0+)?")  # 2,015,550,123
_FLOAT = re.compile(r"(\+?[1-9][0-9]{3,})[.,]0+")
_FRACTION = re.compile(r"\+?[0-9]{4,}[.,][0-9]{1,2}")
# 030/1234567, +49 30/1234567, 201/555-0123: a stroke behind the area code, as many countries write it
_AREA_CODE_STROKE = re.compile(
    r"\(?(?:\+|00)(?=(?:[^0-9/]*[0-9]){2,6}[^0-9/]*/)[0-9 ().-]{2,16}/ ?[1-9][0-9 .-]{3,}"
    r"|\(?0[0-9 ]{1,5}\)? ?/ ?[1-9][0-9 .-]{3,}"
    r"|(?:\+?1[ /])?\(?[2-9][0-9]{2}\)? ?/ ?[2-9][0-9]{2}[ ./-]?[0-9]{4}"
)
_STROKE = re.compile(r"\s*/\s*")
_NUMBER_BREAK = re.compile(r"[^0-9\s().+_\[\]-]+|(?=\+)|\n")
_ALLOWED = re.compile(r"[(\[ ]*\+?[0-9\s().\[\]_-]*")
_ZERO_IN_BRACKETS = re.compile(r"[(\[]\s*0\s*[)\]]")
_LATE_BRACKET = re.compile(r"(?:[^0-9]*[0-9]){7}.*[(\[].*[0-9].*", re.DOTALL)
_WIDE_GAP = re.compile(r"\s{2,}|\t")
COUNTED_UP = "1234567890" * 2
_COUNTED_UP_FROM_ZERO = "0123456789" * 2

_NO_NUMBER = frozenset(
    {"na", "n a", "n/a", "n.a", "none", "null", "nil", "nan", "unknown", "missing", "tbd", "tba", "pending"}
    | {"no", "no phone", "no number", "no phone number", "not available", "not provided", "not given"}
    | {"not applicable", "not known", "private", "withheld", "anonymous", "undefined", "empty", "blank"}
    | {"test", "dummy", "example", "phone", "phone number", "false", "true"}
    | {"keine", "keins", "keine angabe", "k.a", "k. a", "unbekannt", "kein telefon", "nicht bekannt"}
    | {
        "ninguno",
        "ninguna",
        "sin telefono",
        "sin teléfono",
        "no tiene",
        "desconocido",
        "s/n",
        "s/d",
        "nd",
        "n/d",
    }
    | {"aucun", "inconnu", "néant", "non renseigné", "pas de téléphone", "nessuno", "sconosciuto"}
    | {"non disponibile", "nenhum", "desconhecido", "não tem", "sem telefone", "geen", "onbekend"}
    | {"لا يوجد", "غير معروف", "अज्ञात"}
)

_SIGNS = {
    "\N{MINUS SIGN}": "-",
    "\N{HYPHEN BULLET}": "-",
    "\N{KATAKANA-HIRAGANA PROLONGED SOUND MARK}": "-",
    "\N{FRACTION SLASH}": "/",
    "\N{DIVISION SLASH}": "/",
    "\N{ARABIC COMMA}": ",",
    "\N{ARABIC SEMICOLON}": ";",
    "\N{ARABIC DECIMAL SEPARATOR}": ".",
    "\N{ARABIC THOUSANDS SEPARATOR}": ",",
    "\N{MIDDLE DOT}": ".",
    "\N{BULLET}": ".",
    "\N{SMALL PLUS SIGN}": "+",
    "\N{BLACK TELEPHONE}": "",
    "\N{WHITE TELEPHONE}": "",
    "\N{TELEPHONE RECEIVER}": "",
    "\N{MOBILE PHONE}": "",
    "\N{TELEPHONE LOCATION SIGN}": "",
    "\N{NEXT LINE}": "\n",
    "\N{LINE SEPARATOR}": "\n",
    "\N{PARAGRAPH SEPARATOR}": "\n",
}
_QUOTES = " \t\n\"'`\u00b4\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\u02bc"


def read_text(text: str) -> Written | PhoneProblem:
    """Reads the digits of the one number in a cell; never raises, whatever the text."""
    if _PLAIN.fullmatch(text):
        return _read_number(text, extension=None)
    if len(text.strip()) > _LONGEST_CELL:
        return phone_problem(PhoneCode.UNEXPECTED_CHARACTERS)
    cell = _undress(in_plain_signs(text))
    problem = _no_number_at_all(cell)
    if problem:
        return problem
    scientific = _SCIENTIFIC.fullmatch(cell)
    if scientific:
        return _from_scientific(*scientific.groups(default=""))
    cell = _LABEL.sub("", cell, count=1) if _LABEL.match(cell) else cell
    labelled = _LABEL_BEHIND.fullmatch(cell)
    cell = labelled["body"] if labelled else cell
    extended = _EXTENSION.fullmatch(cell)
    if extended:
        return _read_number(extended["body"], extension=extended["extension"])
    return _read_number(cell.strip(" ,;/|"), extension=None)


def says_nothing(text: str) -> bool:
    """True for a cell that says nothing: empty, a dash, or a word such as N/A."""
    cell = _undress(in_plain_signs(text))
    return not cell or _stands_for_nothing(cell)


def in_plain_signs(text: str) -> str:
    """Writes digits of every script, dashes, spaces and full-width forms as the ASCII signs that they mean.

    Marks that nobody sees (zero-width, bidirectional, byte-order) go.
    """
    plain = text if text.isascii() else "".join(map(_plain_sign, text))
    return plain.replace("\r\n", "\n").replace("\r", "\n").replace("\v", "\n").replace("\f", "\n")


@lru_cache(maxsize=1024)
def _plain_sign(sign: str) -> str:
    if sign.isascii():
        return sign
    if sign in _SIGNS:
        return _SIGNS[sign]
    if "\uff01" <= sign <= "\uff5e":  # full-width ASCII
        return chr(ord(sign) - 0xFEE0)
    category = unicodedata.category(sign)
    if category == "Nd":
        return str(unicodedata.decimal(sign))
    if category == "Cf" or "\ufe00" <= sign <= "\ufe0f":  # variation selectors
        return ""
    return {"Zs": " ", "Pd": "-"}.get(category, sign)


def _undress(text: str) -> str:
    """Takes off what spreadsheets put around a text: white space, quotation marks, ="...", an apostrophe."""
    cell = text.strip(_QUOTES)
    formula = _TEXT_FORMULA.fullmatch(text.strip())
    return formula[1].strip(_QUOTES) if formula else cell


def _no_number_at_all(cell: str) -> PhoneProblem | None:
    """Why there is nothing to read, if there is not."""
    if not cell or _LABEL_ALONE.fullmatch(cell):
        return phone_problem(PhoneCode.PHONE_MISSING)
    if _TEST_LEAD.fullmatch(cell):
        return phone_problem(PhoneCode.TEST_LEAD)
    if _EXCEL_ERROR.fullmatch(cell):
        return phone_problem(PhoneCode.EXCEL_ERROR)
    if _stands_for_nothing(cell):
        return phone_problem(PhoneCode.PLACEHOLDER)
    if "@" in cell:
        return phone_problem(PhoneCode.EMAIL_IN_CELL)
    if _DATE.fullmatch(cell):
        return phone_problem(PhoneCode.DATE)
    if _FORMULA.fullmatch(cell):
        return phone_problem(PhoneCode.FORMULA_LEFTOVER)
    return None


def _stands_for_nothing(cell: str) -> bool:
    word = cell.casefold().strip(" .:*()[]<>_-")
    return word in _NO_NUMBER or not any(
        sign.isdigit() or (sign.isalpha() and sign not in "xX") for sign in cell
    )


def _from_scientific(lead: str, decimals: str, power: str) -> Written | PhoneProblem:
    """Reads 1.2015550123E+10, which carries every digit, and refuses 1.20156E+10, which does not.

    A spreadsheet's number has 15 digits at most, so what is longer has lost some as well.
    """
    whole, fraction = decimals[: int(power)], decimals[int(power) :]
    if fraction.strip("0"):
        return phone_problem(PhoneCode.FRACTION)
    if len(whole) < int(power) or len(whole) > 14:
        return phone_problem(PhoneCode.DIGITS_LOST)
    return _read_number(lead + whole, extension=None)


def _read_number(body: str, *, extension: str | None) -> Written | PhoneProblem:
    """Reads a text without label and extension."""
    if not body.isdecimal():
        if _DATE.fullmatch(body):
            return phone_problem(PhoneCode.DATE)
        whole = _FLOAT.fullmatch(body)
        if whole:
            body = whole[1]
        elif _FRACTION.fullmatch(body):
            return phone_problem(PhoneCode.FRACTION)
        elif _THOUSANDS.fullmatch(body):
            body = body.partition(".")[0].replace(",", "")
        elif _AREA_CODE_STROKE.fullmatch(body):
            body = _STROKE.sub(" ", body)
        if not _ALLOWED.fullmatch(body):
            return _more_than_a_number(body)
    groups = tuple(re.findall("[0-9]+", body))
    digits = "".join(groups)
    problem = _hardly_one_number(body, groups, digits)
    if problem:
        return problem
    zero = _ZERO_IN_BRACKETS.search(body)
    before_zero = sum(map(str.isdecimal, body[: zero.start()])) if zero else 0
    return Written(digits, "+" in body, groups, before_zero, extension)


def _more_than_a_number(body: str) -> PhoneProblem:
    """Which problem it is that signs other than those of one number are in the text."""
    parts = [sum(map(str.isdecimal, part)) for part in _NUMBER_BREAK.split(body)]
    if sum(part >= _ONE_NUMBER for part in parts) > 1:
        return phone_problem(PhoneCode.TWO_NUMBERS)
    if any(map(str.isalpha, body)):
        return phone_problem(PhoneCode.LETTERS)
    if sum(part > 0 for part in parts) > 1 and re.search(r"[,;/|&\n]", body):
        return phone_problem(PhoneCode.TWO_NUMBERS)
    return phone_problem(PhoneCode.UNEXPECTED_CHARACTERS)


def _hardly_one_number(body: str, groups: tuple[str, ...], digits: str) -> PhoneProblem | None:
    """Why digits and separators alone are still not one number, if they are not."""
    if _stands_in(groups, digits, plus="+" in body):
        return phone_problem(PhoneCode.PLACEHOLDER)
    if len(groups) > 1 and _two_numbers(body, groups, digits):
        return phone_problem(PhoneCode.TWO_NUMBERS)
    if len(digits) > _MOST_DIGITS:
        return phone_problem(PhoneCode.TOO_LONG, place="")
    return None


def _stands_in(groups: tuple[str, ...], digits: str, *, plus: bool) -> bool:
    """True for 0000000000, 123-456-7890 and the like.

    Real numbers count upwards too (+33 1 23 45 67 89 is one), so the grouping has to be a lazy one.
    """
    if len(set(digits)) <= 1:
        return len(digits) > 3 or digits in ("0", "00")
    if len(digits) < 6:
        return False
    if COUNTED_UP.startswith(digits):
        return plus or all(len(group) >= 3 or group == "1" for group in groups)
    lazy = len(groups) == 1 or groups == ("01234", "567890")
    return _COUNTED_UP_FROM_ZERO.startswith(digits) and lazy and not plus


def _two_numbers(body: str, groups: tuple[str, ...], digits: str) -> bool:
    """True where the grouping looks like two numbers: "2015550123 2015550124", "201 555 0123 (204)"."""
    if (
        sum(len(group) >= _ONE_NUMBER for group in groups) > 1
        or "\n" in body
        or _LATE_BRACKET.fullmatch(body)
    ):
        return True
    parts = [sum(map(str.isdecimal, part)) for part in _WIDE_GAP.split(body)]
    if sum(part >= _ONE_NUMBER for part in parts) > 1:
        return True
    prefixed = digits.startswith(("00", "011"))
    if len(digits) <= (19 if prefixed else 15):  # E.164's most; a prefix and a bracketed zero come on top
        return False
    before = 0
    for group in groups:
        before += len(group)
        if before >= _ONE_NUMBER and len(digits) - before >= _ONE_NUMBER:
            return True
    return False
