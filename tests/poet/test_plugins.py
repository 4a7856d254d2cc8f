"""Finding, loading, checking and choosing plugins: built in, of a project in Dana, of installed packages."""

from __future__ import annotations

import shutil
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

import dana
from dana.engine import Engine
from dana.poet import explain, poet
from dana.poet.domains import DOMAINS
from dana.poet.errors import POETConfigError, POETEnforceError, POETPerceiveError, POETPluginError
from dana.poet.pipeline import plan_of
from dana.poet.plugins import finding
from dana.poet.plugins.base import Plugin, PluginError, Reading, RejectionError
from dana.poet.python import Host

EXAMPLE = Path(__file__).parents[2] / "examples" / "poet" / "plugin"

WINE = """
words = ["vintage", "grape", "cellar"]
settings = {"oldest": {"default": 1900, "low": 1700, "high": 2100, "meaning": "no wine is older"}}
hints = {"retries": 0, "audit_trail": false}

def vintage(value: any, settings: dict) -> int:
    year = int(value)
    if year < settings["oldest"]:
        raise ValueError(f"{year} is before {settings['oldest']}")
    return year

def perceive(arguments: dict) -> any:
    if "grape" in arguments:
        return {"grape": arguments["grape"].strip().lower()}

def enforce(result: any, arguments: dict) -> any:
    if result == "":
        raise ValueError(f"nothing is known about {arguments['vintage']}")
    return result

readers = {"vintage": vintage}
"""

PROGRAM = """
@poet(domain="wine")
def told(vintage: int, grape: str) -> str:
    return f"{grape} of {vintage}" if vintage != 1999 else ""

print(told("1990", " Merlot "))
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with the plugin wine; write(name, text) adds another."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / ".poet" / "plugins"
    folder.mkdir(parents=True)

    def write(name, text):
        (folder / f"{name}.na").write_text(text)
        return folder / f"{name}.na"

    write("wine", WINE)
    return write


def run(text):
    printed = []
    Engine(on_print=printed.append, cache=False).run(text)
    return "".join(printed).splitlines()


# --- in Dana ------------------------------------------------------------------------------------------


def test_a_plugin_of_the_project_serves_a_program(project) -> None:
    assert run(PROGRAM) == ["merlot of 1990"]


def test_it_serves_functions_in_python_too(project) -> None:
    @poet(domain="wine")
    def told(vintage, grape):
        return f"{grape} of {vintage}" if vintage != 1999 else ""

    assert told("1990", " Merlot ") == "merlot of 1990"
    with pytest.raises(POETPerceiveError, match="`vintage`: 1850 is before 1900"):
        told(1850, "x")
    with pytest.raises(POETEnforceError, match="nothing is known about 1999"):
        told(1999, "x")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ('told(1850, "x")', "the arguments of `told` were refused: `vintage`: 1850 is before 1900"),
        ('told(1999, "x")', "`told` gave no acceptable result in its first attempt: nothing is known about 1999"),
    ],
)
def test_what_it_refuses_is_refused(project, call, said) -> None:
    text = PROGRAM + f"try:\n    {call}\nexcept POETError as e:\n    print(e)\n"
    assert run(text)[-1] == said


def test_settings_are_checked_and_given_to_its_functions(project) -> None:
    configured = PROGRAM.replace('"wine"', '"wine", plugin_config={"oldest": 2000}')
    with pytest.raises(dana.DanaError, match="1990 is before 2000"):
        run(configured)
    for wrong, said in (
        ('{"oldst": 1}', "has no setting `oldst`"),
        ('{"oldest": "x"}', "takes int, not str"),
        ('{"oldest": 3}', "is from 1700 to 2100"),
    ):
        with pytest.raises(dana.DanaError, match=said):
            run(PROGRAM.replace('"wine"', f'"wine", plugin_config={wrong}'))


def test_two_functions_with_other_settings_do_not_disturb_each_other(project) -> None:
    text = """
@poet(domain="wine", plugin_config={"oldest": 1950})
def a(vintage): return vintage
@poet(domain="wine")
def b(vintage): return vintage
print(b(1940))
try:
    a(1940)
except POETPerceiveError as e:
    print(e)
"""
    assert run(text) == ["1940", "the arguments of `a` were refused: `vintage`: 1940 is before 1950"]


def test_its_hints_are_options(project) -> None:
    assert run(PROGRAM + 'from poet import configuration\nprint(configuration(told)["retries"])\n')[-1] == (
        "{'value': 0, 'origin': 'domain'}"
    )


def test_a_bug_of_a_plugin_leaves_it_out_and_a_critical_function_without_result(project) -> None:
    project("buggy", 'def enforce(result):\n    return result["x"]\n')
    f = poet(domain="buggy", name="f")(lambda x: x)
    assert f(3) == 3
    critical = poet(domain="buggy", safety_critical=True)(lambda x: x)
    with pytest.raises(POETPluginError, match="the plugin buggy failed"):
        critical(3)


def test_a_plugin_has_no_more_rights_than_the_program(project) -> None:
    project("spy", 'import files\ndef enforce(result):\n    return files.read_text("/etc/passwd")\n')
    printed = []
    engine = Engine(on_print=printed.append, cache=False, stderr=type("S", (), {"write": lambda self, t: None})())
    engine.run('@poet(domain="spy")\ndef f(x): return x\nprint(f(1))\n')
    assert "root" not in "".join(printed)


def test_an_endless_plugin_is_stopped_by_the_deadline(project) -> None:
    project("endless", "def perceive(arguments):\n    while true:\n        pass\n")
    with pytest.raises(dana.DanaError, match="did not finish within its timeout"):
        run('@poet(domain="endless", timeout=0.05)\ndef f(x): return x\nf(1)\n')


def test_an_estimate_is_noted(project) -> None:
    project(
        "guess",
        "from poet import Estimate\ndef read(value):\n    return Estimate(7, 'a guess')\nreaders = {'n': read}\n",
    )
    text = """
def noted(value, call: any):
    print(call.notes)
    return value
@poet(domain="guess", enforce_handler=noted)
def f(n: int) -> int: return n
print(f("some"))
"""
    assert run(text) == ["[\"n: 'some' → 7 (a guess, estimated)\"]", "7"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def enforce(v: retrn", "is never closed"),
        ("x = 1\n", "has none of readers, perceive and enforce"),
        ("def enfroce(v): return v\n", "has none of"),
        ("1 / 0\n", "failed where it begins"),
        ("readers = {'a': 3}\n", "is a function, not int"),
        ("readers = {1: len}\n", "goes from words"),
        ("def enforce(): return 1\n", "takes the result, and the arguments, and the settings"),
        ("def perceive(a, b): return a\n", "takes the arguments, and the settings"),
        ("words = 3\ndef enforce(v): return v\n", "`words` is a list"),
        ("words = [3]\ndef enforce(v): return v\n", "`words` is a list of texts"),
        ("settings = {'a': {'defalt': 3}}\ndef enforce(v): return v\n", "has no `defalt`"),
        ("settings = {'a': {'low': 3}}\ndef enforce(v): return v\n", "has no default"),
        ("settings = {'a': []}\ndef enforce(v): return v\n", "is a number, a text"),
        ("settings = {'a': {'default': 3, 'low': 5}}\ndef enforce(v): return v\n", "is from 5"),
        ("domain = 'beer'\ndef enforce(v): return v\n", "says domain = 'beer'"),
        ("import nowhere_at_all\ndef enforce(v): return v\n", "nowhere_at_all"),
    ],
)
def test_a_broken_plugin_is_an_error_that_names_its_file(project, text, said) -> None:
    project("broken", text)
    with pytest.raises(dana.DanaError, match=said) as caught:
        run('@poet(domain="broken")\ndef f(x): return x\n')
    (found,) = caught.value.diagnostics
    assert found.code == "E819"
    assert ".poet/plugins/broken.na" in found.message
    with pytest.raises(POETConfigError, match=said):
        poet(domain="broken")(lambda x: x)


def test_nothing_is_loaded_that_no_function_names(project) -> None:
    project("broken", "1 / 0\n")
    assert run(PROGRAM) == ["merlot of 1990"]
    assert [each.name for each in finding.every()] == [*DOMAINS, "broken", "wine"]


def test_a_file_cannot_stand_for_what_is_built_in(project) -> None:
    project("financial_services", "1 / 0\n")
    assert finding.found("financial_services").kind == finding.BUILT_IN
    assert finding.found("finance").kind == finding.BUILT_IN
    assert poet(domain="finance")(lambda score: score)("good") == 720


@pytest.mark.parametrize("name", ["../wine", "a/b", "", "wine.na", "x" * 200, "auto"])
def test_a_name_is_no_path(project, name) -> None:
    assert finding.found(name) is None


def test_an_unknown_domain_has_a_suggestion_with_the_projects_own(project) -> None:
    with pytest.raises(dana.DanaError, match="did you mean 'wine'"):
        run(PROGRAM.replace('"wine"', '"wien"'))


def test_several_plugins_read_in_order(project) -> None:
    project("loud", "def perceive(arguments):\n    return {'grape': arguments['grape'].upper()}\n")
    assert run(PROGRAM.replace('domain="wine"', 'plugins=["wine", "loud"]')) == ["MERLOT of 1990"]
    assert run(PROGRAM.replace('domain="wine"', 'plugins=["loud", "wine"]')) == ["merlot of 1990"]


def test_the_example_prints_what_it_says(tmp_path, monkeypatch) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "plugin")
    monkeypatch.chdir(tmp_path / "plugin")
    text = Path("shipping.na").read_text()
    expected = [line.split("# expect: ")[1] for line in text.splitlines() if "# expect: " in line]
    assert run(text) == expected


def test_an_isolated_program_finds_them_through_its_host(project) -> None:
    printed = []
    with Engine(isolate="process", on_print=printed.append) as engine:
        engine.run(PROGRAM)
        engine.run(PROGRAM.replace('"wine"', '"auto"').replace("told", "cellar_vintage"))
        with pytest.raises(dana.DanaError, match="did you mean 'wine'"):
            engine.run(PROGRAM.replace('"wine"', '"wien"'))
    assert "".join(printed).splitlines() == ["merlot of 1990"] * 2


# --- of packages --------------------------------------------------------------------------------------


class Honey(Plugin):
    domain = "honey"

    def rule(self, name, type_):
        return (lambda value: Reading(int(value), "grams")) if name == "grams" else None


class Leaky(Plugin):
    domain = "leaky"

    def judge(self, value, arguments):
        return {"inner": [Leaky]} if value == 1 else value if value == 2 else [*value, {"n": 1}]


class Empty(Plugin):
    domain = "empty"

    def __init__(self, config=None):
        raise PluginError("the hive is empty")


class Old:
    def get_domain_name(self):
        return "old"

    def process_inputs(self, args, kwargs):
        return {"x": kwargs["x"] * 2}

    def validate_output(self, result, context):
        return result


@pytest.fixture
def packages(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    found = EntryPoints(
        EntryPoint(name, f"{__name__}:{value}", finding.GROUP)
        for name, value in {
            "honey": "Honey",
            "leaky": "Leaky",
            "old": "Old",
            "gone": "Gone",
            "empty": "Empty",
        }.items()
    )
    monkeypatch.setattr("importlib.metadata.entry_points", found.select)


def test_entry_points_are_found_by_name(packages) -> None:
    assert poet(domain="honey")(lambda grams: grams)("5") == 5
    assert poet(domain="old")(lambda x: x)(4) == 8
    assert run('@poet(domain="honey")\ndef f(grams: int) -> int: return grams\nprint(f("5"))\n') == ["5"]
    kinds = {each.name: each.kind for each in finding.every()}
    assert kinds["honey"] == finding.PACKAGE


def test_a_package_that_cannot_be_loaded_is_an_error_that_names_it(packages) -> None:
    with pytest.raises(POETConfigError, match="test_plugins:Gone"):
        poet(domain="gone")(lambda x: x)
    with pytest.raises(POETConfigError, match="takes no settings"):
        poet(domain="old", plugin_config={"a": 1})(lambda x: x)


def test_objects_of_the_host_do_not_reach_a_program(packages) -> None:
    text = '@poet(domain="leaky", retries=0)\ndef f(x): return x\nprint(f(1), f(2), f([3]))\n'
    warned = []
    printed = []
    stderr = type("S", (), {"write": lambda self, text: warned.append(text)})()
    Engine(on_print=printed.append, cache=False, stderr=stderr).run(text)
    assert printed == ["1 2 [3, {'n': 1}]", "\n"] or "".join(printed) == "1 2 [3, {'n': 1}]\n"
    assert "which is no data" in "".join(warned)


# --- of the host ----------------------------------------------------------------------------------------


@pytest.fixture
def registered():
    dana.poet.register_plugin(Honey)
    yield
    dana.poet.unregister_plugin("honey")


def test_a_host_registers_plugins_for_its_functions_and_programs(registered) -> None:
    assert poet(domain="honey")(lambda grams: grams)("5") == 5
    assert run('@poet(domain="honey")\ndef f(grams: int) -> int: return grams\nprint(f("5"))\n') == ["5"]
    assert [(each.name, each.kind) for each in finding.every() if each.kind == finding.HOST] == [("honey", "host")]


@pytest.mark.parametrize(
    "wrong", [object(), type("Nameless", (Plugin,), {}), type("Bank", (Plugin,), {"domain": "finance"})]
)
def test_what_is_no_plugin_or_stands_for_a_built_in_one_is_refused(wrong) -> None:
    with pytest.raises(dana.poet.PluginError):
        dana.poet.register_plugin(wrong)


def test_the_manager_of_plugins(project) -> None:
    manager = dana.poet.PluginManager()
    assert manager.list_plugins() == [*DOMAINS, "wine"]
    assert manager.get_plugin("nothing") is None
    wine = manager.get_plugin("wine")
    assert wine is manager.get_plugin("wine")
    assert wine.get_domain_name() == "wine"
    assert manager.get_plugin("wine", {"oldest": 1800}).config == {"oldest": 1800}
    assert manager.validate("wine", {"oldest": 1800}) == ""
    assert "did you mean `oldest`" in manager.validate("wine", {"oldst": 1800})


# --- choosing by itself -------------------------------------------------------------------------------


def test_auto_takes_the_domain_whose_words_the_function_speaks() -> None:
    f = poet(domain="auto")(credit_func)
    assert plan_of(f).config.domain == "financial_services"
    assert f("excellent", "$50,000") == (780, 50000.0)
    assert "domain = 'financial_services'   (signature)" in explain(f)
    assert "it speaks of credit, income, score" in explain(f)


def credit_func(score, income):
    return score, income


def test_nobody_chooses_for_a_function_that_does_not_ask() -> None:
    f = poet(credit_func)
    assert f("excellent", "$50,000") == ("excellent", "$50,000")
    assert "no domain; financial_services would fit (it speaks of credit, income, score)" in explain(f)


def test_auto_takes_nothing_where_nothing_fits() -> None:
    f = poet(domain="auto")(lambda a, b: a)
    assert plan_of(f).plugins == []
    assert plan_of(f).config.domain is None
    assert "no domain knows 2 words" in explain(f)


def test_auto_takes_nothing_where_two_fit(project) -> None:
    project("bank", "words = ['credit', 'score', 'income']\ndef perceive(arguments): return none\n")
    f = poet(domain="auto")(credit_func)
    assert plan_of(f).plugins == []
    assert "it could be financial_services and bank, each by 3 words: none was taken" in explain(f)


def test_what_is_named_goes_before_what_fits(project) -> None:
    f = poet(domain="wine")(credit_func)
    assert plan_of(f).config.domain == "wine"
    assert plan_of(f).choice == ""


def test_a_profile_may_name_the_domain(monkeypatch) -> None:
    dana.poet.register_profile("bank", {"domain": "auto", "audit_trail": False})
    assert poet(profile="bank")(credit_func)("good", 5) == (720, 5.0)
    assert poet(profile="bank", domain=None)(credit_func)("good", 5) == ("good", 5)


# --- of plain functions ---------------------------------------------------------------------------


def test_a_plugin_of_two_functions_may_have_one_of_them_only() -> None:
    positive = poet(plugins=[{"enforce": lambda result: result if result > 0 else 1}], retries=0)(lambda x: x)
    assert (positive(3), positive(-3)) == (3, 1)
    silent = poet(plugins=[{"perceive": lambda arguments: None}], retries=0)(lambda x: x)
    assert silent("as it came") == "as it came"


def test_what_such_a_plugin_says_is_a_refusal_and_what_it_gets_wrong_is_not(caplog) -> None:
    def refusing(arguments):
        raise RejectionError("no", value=arguments["x"])

    with pytest.raises(POETPerceiveError, match="no"):
        poet(plugins=[{"perceive": refusing}], retries=0)(lambda x: x)(1)
    for odd in (lambda arguments: {"y": 1}, lambda arguments: [1]):
        lost = poet(host=Host(), plugins=[{"perceive": odd}], retries=0)(lambda x: x)
        assert lost(1) == 1  # a mistake of the plugin: it is left out, and somebody hears of it
        assert "gives a dict of arguments, or nothing" in caplog.text
        caplog.clear()


def test_a_plugin_that_loses_the_result_is_left_out(caplog) -> None:
    kept = poet(plugins=[{"enforce": lambda result: None}], retries=0, audit_trail=True)(lambda x: x)
    assert kept(1) == 1
    assert "it returned None for a result that is something" in caplog.text


def test_an_object_takes_its_settings_itself() -> None:
    from dana.poet.plugins.choosing import plugin_of

    with pytest.raises(PluginError, match="takes no settings here") as caught:
        plugin_of(Honey(), {"a": 1})
    assert "give them to the plugin itself" in caught.value.hint


def test_a_domain_nobody_knows_has_a_suggestion() -> None:
    from dana.poet.plugins.choosing import domain_of

    with pytest.raises(PluginError) as near:
        domain_of("financial_servics")
    assert near.value.hint == "did you mean 'financial_services'?"
    with pytest.raises(PluginError) as far:
        domain_of("qqqqqqqq")
    assert far.value.hint.startswith("there is ")
    assert "building_management" in far.value.hint


def test_a_plugin_whose_file_goes_away_is_an_error_that_names_it(project) -> None:
    where = finding.found("wine")
    assert where is not None
    Path(where.place).unlink()
    from dana.poet.plugins.choosing import loaded

    with pytest.raises(PluginError, match=r"wine\.na cannot be (read|found)|wine\.na"):
        loaded(where)


def test_a_plugin_of_a_package_may_say_itself_why_it_cannot_be_used(packages) -> None:
    with pytest.raises(POETConfigError, match="the hive is empty"):
        poet(domain="empty")(lambda x: x)
