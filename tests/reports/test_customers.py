"""Statements by customer, with their sums."""

import dataclasses
from decimal import Decimal

from slamon.core.customers import customers
from tests.reports.month import episode, of_customer, statement


def test_customers_and_their_lines_are_sorted_by_id():
    """The order of the document depends on ids alone, not on the order in which lines were worked out."""
    lines = [
        statement(line_id="B", period=of_customer("C2")),
        statement(line_id="Z"),
        statement(line_id="A", period=of_customer("C2")),
    ]
    found = customers(lines)
    assert [(c.customer_id, [x.line.line_id for x in c.lines]) for c in found] == [("C1", ["Z"]), ("C2", ["A", "B"])]
    assert customers(reversed(lines)) == found


def test_a_customers_credit_is_the_sum_of_its_lines():
    """3640.00 for 30 hours on each of two lines of 3000.00 AAA; nothing for a third."""
    lines = [statement(episode(line_id=x), line_id=x) for x in ("A", "B")] + [statement(line_id="C")]
    (customer,) = customers(lines)
    assert (customer.credit_total, customer.extension_days) == (Decimal("7280.00"), Decimal(0))


def test_amounts_of_two_currencies_are_not_added():
    """A customer with lines in CNY and HKD has a statement for each."""
    yuan = statement(episode())
    dollars = dataclasses.replace(
        statement(episode(line_id="HK-1"), line_id="HK-1"), contract=dataclasses.replace(yuan.contract, currency="HKD")
    )
    found = customers([dollars, yuan])
    assert [(c.customer_id, c.currency, c.credit_total) for c in found] == [
        ("C1", "CNY", Decimal("3640.00")),
        ("C1", "HKD", Decimal("3640.00")),
    ]


def test_the_first_line_that_names_its_customer_names_it():
    """A row that leaves the customer's name out does not wipe it from the statement."""
    lines = [
        statement(line_id="A", period=of_customer("C1", customer_name="", account="")),
        statement(line_id="B", period=of_customer("C1", customer_name="某银行", account="A-1")),
    ]
    (customer,) = customers(lines)
    assert (customer.customer_name, customer.account) == ("某银行", "A-1")


def test_no_lines_are_no_customers():
    """An empty month has no customers, and no customer with nothing."""
    assert customers([]) == ()
