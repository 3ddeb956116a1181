from kb.store.synonyms import Synonyms
from tests.kb.store.conftest import Store


def test_groups_keep_their_order_and_are_replaced_as_a_whole(store: Store) -> None:
    synonyms = Synonyms(store.database)
    assert synonyms.groups("kb") == ()
    synonyms.replace("kb", [["年假", "带薪年休假"], ["PO", "采购订单"]])
    expected = (("年假", "带薪年休假"), ("PO", "采购订单"))
    assert synonyms.groups("kb") == expected
    assert Synonyms(store.database).groups("kb") == expected
    synonyms.replace("kb", [])
    assert synonyms.groups("kb") == ()
