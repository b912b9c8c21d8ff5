"""Who may do what: the table of roles and acts, the whole of it."""

from __future__ import annotations

from itertools import product

import pytest

from wristband.accounts.rules import (
    CODE_A_DAY,
    CODE_BY_ADDRESS,
    CODE_BY_KNOWN_DEVICE,
    CODE_BY_PHONE,
    CODE_BY_PREFIX,
    CODES,
    IDLE,
    LASTS,
    PASSWORD_BY_ADDRESS,
    PASSWORD_BY_NAME,
    PERMISSIONS,
    TRY_BY_KNOWN_DEVICE,
    TRY_BY_PHONE,
    USERNAME,
    Act,
    Door,
    Role,
    may,
)
from wristband.bands.rules import (
    BANDS_A_GUARDIAN,
    BIND_TRIES,
    BIND_TRIES_A_BAND,
    CHECK_BY_BAND,
    CHECK_BY_DEVICE,
    LOOK_UPS_AN_OFFICER,
)
from wristband.elders.rules import ELDERS_A_GUARDIAN, PHOTOS_A_GUARDIAN
from wristband.incidents.rules import LOOKS_AN_OFFICER
from wristband.outbox.rules import TAP_TEXTS_A_STRANGER
from wristband.refusals import SENTENCES
from wristband.scans.rules import TAPS_AN_ELDER
from wristband.values.budget import Budget, Fails

ALLOWED = """
see_desk         officer supervisor district
handle_incident  officer supervisor
print_bands      officer supervisor
bind_bands       officer supervisor
reveal           officer supervisor
break_glass      officer supervisor
release          officer supervisor
see_records      officer supervisor
keep_records     officer supervisor
merge_records            supervisor
import_records           supervisor
export_records           supervisor
approve_exports          supervisor district
review_looks             supervisor district auditor
keep_staff               supervisor                  administrator
keep_stations                                        administrator
keep_partners                                        administrator
see_numbers      officer supervisor district auditor administrator
read_trail                                   auditor
"""
BUDGETS = (
    CODE_A_DAY,
    CODE_BY_ADDRESS,
    CODE_BY_KNOWN_DEVICE,
    CODE_BY_PHONE,
    CODE_BY_PREFIX,
    CODES,
    PASSWORD_BY_ADDRESS,
    PASSWORD_BY_NAME,
    TRY_BY_KNOWN_DEVICE,
    TRY_BY_PHONE,
    PHOTOS_A_GUARDIAN,
    ELDERS_A_GUARDIAN,
    TAPS_AN_ELDER,
    TAP_TEXTS_A_STRANGER,
    CHECK_BY_DEVICE,
    CHECK_BY_BAND,
    BIND_TRIES,
    BIND_TRIES_A_BAND,
    BANDS_A_GUARDIAN,
    LOOK_UPS_AN_OFFICER,
    LOOKS_AN_OFFICER,
)


@pytest.mark.parametrize(("role", "act"), [*product(Role, Act)])
def test_a_role_may_do_what_the_table_says_and_nothing_else(role: Role, act: Act) -> None:
    lines = {act: roles for act, *roles in map(str.split, ALLOWED.strip().splitlines())}
    assert may(role, act) is (role.value in lines[act.value])


def test_every_role_has_its_line_in_the_table() -> None:
    assert set(PERMISSIONS) == set(Role)


def test_no_role_handles_and_audits_and_administers() -> None:
    for keeper in (Role.AUDITOR, Role.ADMINISTRATOR):
        assert Act.HANDLE_INCIDENT not in PERMISSIONS[keeper]


@pytest.mark.parametrize("role", Role)
def test_nobody_is_all_of_administration_security_and_audit(role: Role) -> None:
    assert not {Act.KEEP_PARTNERS, Act.KEEP_STAFF, Act.READ_TRAIL} <= PERMISSIONS[role]


@pytest.mark.parametrize("door", Door)
def test_a_sign_in_ends_by_idling_before_it_ends_by_age(door: Door) -> None:
    assert IDLE[door] < LASTS[door]


@pytest.mark.parametrize("name", ["abc", "li.ming", "minjing1", "0592-tongan_2", "a" * 64])
def test_a_name_to_sign_in_with_is_plain(name: str) -> None:
    assert USERNAME.fullmatch(name)


@pytest.mark.parametrize("name", ["", "ab", "a" * 65, "Abc", "-abc", "王民警", "abc\n", "a\0bc", "a bc", "ａｂｃ"])
def test_any_other_name_is_none(name: str) -> None:
    assert not USERNAME.fullmatch(name)


# ---- budgets


@pytest.mark.parametrize("budget", BUDGETS, ids=lambda budget: budget.name)
def test_every_budget_has_a_sentence_and_whole_seconds(budget: Budget) -> None:
    assert budget.refusal in SENTENCES
    # Whole seconds add up exactly in a double, so that the last of a burst is never lost to rounding.
    assert budget.every_s == int(budget.every_s) > 0
    assert budget.burst > 0


def test_only_what_an_honest_finder_needs_goes_on_when_a_budget_cannot_be_read() -> None:
    assert {budget.name for budget in BUDGETS if budget.fails is Fails.OPEN} == {
        "reach.elder",
        "reach.stranger",
    }


def test_no_two_budgets_share_a_name() -> None:
    assert len({budget.name for budget in BUDGETS}) == len(BUDGETS)
