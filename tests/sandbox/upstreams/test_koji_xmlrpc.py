"""XML-RPC of Koji's hub: integers of 64 bits, nulls and faults, as a client reads them."""

import xmlrpc.client

import pytest

from fedora_packages.sandbox.upstreams.koji_xmlrpc import dump_fault, dumps


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (2**31 - 1, b"<int>2147483647</int>"),
        (2**31, b"<i8>2147483648</i8>"),
        (-(2**31), b"<int>-2147483648</int>"),
        (-(2**31) - 1, b"<i8>-2147483649</i8>"),
    ],
)
def test_an_integer_of_more_than_32_bits_is_written_as_one_of_64(number, written):
    body = dumps({"size": number})
    assert written in body
    assert xmlrpc.client.loads(body) == (({"size": number},), None)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_a_larger_integer_is_an_error(number):
    with pytest.raises(OverflowError):
        dumps(number)


def test_a_null_is_one():
    assert xmlrpc.client.loads(dumps([None])) == (([None],), None)


def test_a_fault_is_one_for_a_client():
    with pytest.raises(xmlrpc.client.Fault) as fault:
        xmlrpc.client.loads(dump_fault(xmlrpc.client.Fault(1000, "Invalid tag: <none>")))
    assert (fault.value.faultCode, fault.value.faultString) == (1000, "Invalid tag: <none>")
