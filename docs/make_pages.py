"""Writes the pages that follow from the code: inputs, rules, policy keys, commands, errors.

Run ``python docs/make_pages.py`` after changing a column, a rule, a key, a command or a message; a test
compares the pages kept here with what this script makes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from error_cases import CASES, Case, provoked
from repair_cases import REPAIRS, Repair, said

from layoutopt import cli, options
from layoutopt.io.template import column_notes
from layoutopt.model.rules import RULES
from layoutopt.model.solve import EFFORTS
from layoutopt.plan.audit import CHECKS
from layoutopt.policy import Policy, presets
from layoutopt.policy.keys import GROUPS, note_of

HERE = Path(__file__).parent
MADE = "<!-- Made by docs/make_pages.py; change the code it comes from, then run it again. -->\n"
SYMBOLS = (
    ("x_{njm}", "1 if pupil group $n$ goes to school $j$ by mode $m$ (on foot, by bus, boarding)"),
    ("o_{nj}", "the same for boarding alone"),
    ("y_j", "1 if $j$ is a full school"),
    ("p_j", "1 if $j$ is a teaching point: grades 1-3, or 1-4, in one multigrade class"),
    ("s_{jb}", "1 if the full school $j$ teaches grade band $b$ (L: 1-3, U: 4-6, J: 7-9)"),
    ("m_{jb}", "1 if that band is one multigrade class"),
    ("n_{jg}", "classes of grade $g$ at $j$"),
    (r"T_{j\sigma}", r"teaching posts of stage $\sigma$ (primary, junior) at $j$"),
    (r"z_{j\sigma e}", "1 if expansion level $e$ is built"),
    ("e", "pupils sent to a school, by stage, band or grade as its index says"),
    ("d_n", "pupils of group $n$"),
    (r"c_{j\sigma},\; b_j,\; C_j", "places, beds, and the largest admissible size of $j$"),
    (r"\kappa_\sigma", "largest class of the stage"),
    ("U", "the most pupils that can come at all, summed from the options"),
    ("m_j", "fewest pupils of an open school (`min_pupils`)"),
    (r"t_\sigma,\; r_\sigma,\; t^p", "posts a class, pupils a post, posts of a teaching point"),
    ("g_e,\\; B,\\; B'", "capital of a level, capital budget, yearly budget"),
    (
        r"u_{jf},\; t^o,\; P",
        "1 if all subjects are taught in form $f$; posts that go with own specialists; largest small school",
    ),
    (r"v_{ht},\; k_h,\; w,\; \delta", "days a week on tour $t$ from hub $h$; its teams; visits a week; touring days"),
    (r"G_j,\; M,\; N_{nj},\; S", "hubs of $j$'s group; modes with meals; neighbours nearer to $j$; the small schools"),
    (r"\mu,\; k_j,\; k_e", "share to be merged; canteen seats of a school and of a level"),
    (
        r"w_\sigma,\; W_j^0,\; t_\sigma",
        "weight of a pupil of the stage; weighted pupils of today; threshold (rule `quality`)",
    ),
    ("R_j", "the most pupils that can come, or in `quality` what the school has of the resource"),
    (
        r"a_{ks},\; C_k,\; F_k,\; B_s",
        "share that source $s$ pays of cost $k$; the cost; what families pay of it; its budget",
    ),
    ("W", "posts the county pays (rule `payroll`)"),
)


def inputs() -> str:
    """The input layers and columns."""
    return column_notes()


def rules() -> str:
    """Every rule, where it is stated, and how the audit says it."""
    parts = [
        "# Rules",
        "",
        "A rule has one name everywhere: here, in LP files, in the audit's table and in the message when no plan",
        "keeps every rule. `lo.audit` works each of them out again from the plan's tables, without the program.",
        "",
        "## Rules on a single way",
        "",
        "They are applied while the table of admissible options is built and nowhere else; the plan records how many",
        'options each of them removed (`plan.proof.options["removed"]`).',
        "",
        *_table(("rule", "what it says"), ((f"`{name}`", _doc(rule)) for name, rule in options.RULES.items())),
        "## Rules of the program",
        "",
        *_table(("symbol", "meaning"), ((f"${symbol}$", text) for symbol, text in SYMBOLS)),
    ]
    for rule in RULES.values():
        parts += [f"### `{rule.name}`", "", f"{rule.sentence}.", "", "$$", rule.formula, "$$", ""]
        parts += [_doc(rule.rows), ""]
    only = [name for name in CHECKS if name not in RULES and name not in options.RULES]
    return "\n".join(
        [
            *parts,
            "## Rules of bus lines and of the tables",
            "",
            "Lines are drawn for the chosen layout; these rules hold there, or between the tables of a plan.",
            "",
            *_table(("rule", "what it says"), ((f"`{name}`", _doc(CHECKS[name])) for name in only)),
        ]
    )


def policy() -> str:
    """Every policy key, group by group, and what the presets change."""
    default = Policy()
    parts = [
        "# Policy keys",
        "",
        "Every key with its unit, default, source and confidence: H official text or agreeing reports, M one secondary",
        "source or recalled, L our own starting value, meant to be replaced by yours. Key names are unique, so",
        '`Policy.preset("jiangxi_2023", max_ride_min=45)` needs no group; a file needs it:',
        "",
        "```toml",
        'preset = "jiangxi_2023"   # supplies whatever this file leaves out',
        'name = "our county"',
        "",
        "[bus]",
        "max_ride_min = 45",
        "```",
        "",
        "A key by band holds `lower` (grades 1-3), `upper` (4-6) and `junior` (7-9); "
        "`lower_last_grade = 4` makes the first two 1-4 and 5-6. One number sets all three.",
        "A key by stage holds `primary` (1-6) and `junior`.",
        "",
    ]
    for group, model in GROUPS.items():
        parts += [f"## {group}", "", f"{_doc(model)}", ""]
        parts += _table(("key", "meaning", "unit", "default", "source", ""), _keys(default, group, model))
    parts += ["## Presets", "", "What a bundled preset says otherwise than the defaults, and why.", ""]
    for name in presets():
        parts += [f"### {name}", "", *_table(("key", "value", "source"), _preset(Policy.preset(name)))]
    return "\n".join(parts)


def _keys(default: Policy, group: str, model: Any) -> Iterable[tuple[str, ...]]:
    for key in model.model_fields:
        note = note_of(group, key)
        value = getattr(getattr(default, group), key)
        yield f"`{key}`", note.meaning, note.unit, _shown(value), note.source, note.confidence


def _preset(found: Policy) -> Iterable[tuple[str, ...]]:
    for key, source in found.sources.items():
        value = next(value for _, name, value in found if name == key)
        yield f"`{key}`", _shown(value), source


def _shown(value: Any) -> str:
    if hasattr(value, "model_dump"):
        value = value.model_dump()
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(part)}" for name, part in value.items())
    if isinstance(value, (tuple, list)):
        return ", ".join(map(_shown, value)) or "none"
    if value is None:
        return "no limit"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value < 1_000:
        return f"{value:.4g}"
    return f"{value:,}".removesuffix(".0") if isinstance(value, (int, float)) else str(value)


def commands() -> str:
    """Every command with its arguments and options."""
    parts = [
        "# Command line",
        "",
        "Exit codes: 0 done; 1 no valid plan, or an audit failed; 2 input or policy cannot be used. Messages go to",
        "stderr, results to stdout; `layoutopt -v COMMAND` logs what happens inside.",
        "",
    ]
    for name, command in _leaves(cli.main):
        arguments = [param.name.upper() for param in command.params if isinstance(param, click.Argument)]
        parts += [
            f"## `layoutopt {' '.join([name, *arguments])}`",
            "",
            inspect.cleandoc(command.help or ""),
            "",
        ]
        parts += _table(("option", "meaning", "default"), map(_option, _options(command)))
        example = (command.epilog or "").removeprefix("Example: ")
        parts += ["```sh", example, "```", ""] if example else []
    return "\n".join([*parts, "## Effort", "", EFFORT, "", *_table(("effort", "gap", "steps"), _efforts())])


def _leaves(group: click.Group, before: str = "") -> Iterable[tuple[str, click.Command]]:
    """Every command with its words, those of groups after the group's name."""
    for name, command in group.commands.items():
        words = f"{before} {name}".strip()
        if isinstance(command, click.Group):
            yield from _leaves(command, words)
        else:
            yield words, command


EFFORT = (
    "A goal is done when its gap is as small as the effort asks, or when its budget of solver steps is spent: the\n"
    "points at which the solver asks whether to go on. They are the same in every run, so that the same input and\n"
    "seed give the same plan. With `quick` and `normal`, the goal `travel` moves pupils within the layout that the\n"
    "goals before it chose, and has no bound of its own."
)


def _efforts() -> Iterable[tuple[str, str, str]]:
    for name, effort in EFFORTS.items():
        yield f"`{name}`", f"{100 * effort.gap:g} %", f"{effort.steps:,}"


def _options(command: click.Command) -> list[click.Option]:
    return [param for param in command.params if isinstance(param, click.Option)]


def _option(option: click.Option) -> tuple[str, str, str]:
    choices = f" ({', '.join(option.type.choices)})" if isinstance(option.type, click.Choice) else ""
    has_default = option.show_default and option.default is not None
    needed = "required" if option.required else f"{option.default}" if has_default else ""
    return f"`{', '.join(option.opts)}`", f"{option.help or ''}{choices}", needed


def errors() -> str:
    """Every message worth a cure, as it is really raised."""
    parts = [
        "# Errors and their cures",
        "",
        "Each message below was raised by the case it describes when this page was made. All of them are a",
        "`LayoutError`; an `InputError` lists every problem of a study at once, with the row a spreadsheet shows.",
        "",
    ]
    kind = ""
    for case in CASES:
        if case.kind != kind:
            kind = case.kind
            parts += [f"## {kind}", "", KINDS[kind], ""]
        parts += _error(case)
    parts += ["## SolverError", "", SOLVER, "", "## Repairs and warnings", "", REPAIRED, ""]
    for repair in REPAIRS:
        parts += _repair(repair)
    return "\n".join(parts)


KINDS = {
    "InputError": "Inputs that cannot be used; the command line ends with exit code 2 and writes nothing.",
    "PolicyError": "Choices that are unknown or contradict each other; exit code 2.",
    "InfeasibleError": "No plan can keep every rule; exit code 1. `error.rules` names the rules.",
    "MissingExtraError": "A part needs a package that is not installed.",
}
SOLVER = (
    "Exit code 1. Either the limits were reached before any plan was found: give more time. Or the plan found fails\n"
    "its own audit, which is our fault and not yours: please report it with the message, and the study if you may."
)


REPAIRED = (
    "These stop nothing. `layoutopt check` lists them, puts them on the map of `check.html`, and a plan keeps the\n"
    "repairs in `plan.json`. What was repaired was guessed: read each line once."
)


def _error(case: Case) -> list[str]:
    return [f"### {case.title}", "", "```text", provoked(case), "```", "", case.cure, ""]


def _repair(case: Repair) -> list[str]:
    return [f"### {case.title}", "", "```text", *said(case), "```", "", case.meaning, ""]


def _doc(thing: Any) -> str:
    return " ".join(inspect.cleandoc(thing.__doc__ or "").split("\n\n")[0].split())


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    if not lines:
        return []
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *lines, ""]


PAGES: dict[str, Callable[[], str]] = {
    "inputs.md": inputs, "rules.md": rules, "policy.md": policy, "commands.md": commands, "errors.md": errors,
}  # fmt: skip


def page(name: str) -> str:
    """Return the text of one page, with one newline at its end."""
    title, _, rest = PAGES[name]().partition("\n")
    return f"{title}\n\n{MADE}{rest}".rstrip() + "\n"


if __name__ == "__main__":
    for name in PAGES:
        (HERE / name).write_text(page(name), encoding="utf-8", newline="\n")
