"""Events of GA4, Segment and Snowplow, known by their header."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tests.sources.written import objects, table


def test_ga4_events(tmp_path: Path):
    page = {"key": "page_location", "value": {"string_value": "https://x.org/a/b?mail=ann@x.org"}}
    session = {"key": "ga_session_id", "value": {"int_value": "77"}}
    row = {"event_date": "20260501", "event_timestamp": "1777629600123456", "items": [],
           "event_name": "page_view", "event_params": [session, page],
           "event_bundle_sequence_id": "1", "user_pseudo_id": "1.2",
           "device": {"category": "desktop"}}  # fmt: skip
    item = row | {"event_name": "view_item", "user_id": "ann", "items": [{"item_id": "SH-S"}]}
    nobody = {k: v for k, v in row.items() if k != "user_pseudo_id"}
    added = objects(tmp_path, "events_20260501", row, item, nobody)
    [model] = added.feeds()
    at = datetime(2026, 5, 1, 10, 0, 0, 123456)
    columns = "event_type, source_record_id, login, product_id, url_path, device_type, occurred_at"
    assert added.rows(model, columns) == [
        ("page_view", "1.2", None, None, "/a/b", "desktop", at),
        ("product_view", "1.2", "ann", "SH-S", "/a/b", "desktop", at),
    ]


def test_segment_events(tmp_path: Path):
    row = {
        "anonymousId": "a1",
        "messageId": "m1",
        "type": "page",
        "receivedAt": "2026-05-01T10:00:09Z",
        "timestamp": "2026-05-01T10:00:00.000Z",
        "properties": {},
        "context": {"page": {"path": "/a", "url": "https://x.org/a"}, "userAgent": "Firefox"},
    }
    track = row | {"messageId": "m2", "type": "track", "event": "Product Viewed", "userId": "u1",
                   "properties": {"product_id": "SH-S"}}  # fmt: skip
    alias = row | {"messageId": "m3", "type": "alias"}
    added = objects(tmp_path, "events", row, track, track, alias)
    [model] = added.feeds()
    columns = "event_id, event_type, source_record_id, login, product_id, url_path, user_agent"
    assert added.rows(model, columns) == [
        ("m1", "page_view", "a1", None, None, "/a", "Firefox"),
        ("m2", "product_view", "a1", "u1", "SH-S", "/a", "Firefox"),
    ]


def test_snowplow_events(tmp_path: Path):
    header = (
        "app_id,platform,etl_tstamp,collector_tstamp,dvce_created_tstamp,event,event_id,user_id,"
        "domain_userid,page_urlpath,se_action,useragent,event_name,derived_tstamp"
    )
    row = {"collector_tstamp": "2026-05-01 10:00:09.000", "event": "page_view", "event_id": "e1",
           "domain_userid": "d1", "page_urlpath": "/a", "useragent": "Firefox",
           "derived_tstamp": "2026-05-01 10:00:00.000"}  # fmt: skip
    struct = row | {"event": "struct", "se_action": "Add-To-Cart", "event_id": "e2", "user_id": "u"}
    added = table(tmp_path, "events", header, row, struct)
    [model] = added.feeds()
    columns = "event_id, event_type, source_record_id, login, url_path, occurred_at"
    at = datetime(2026, 5, 1, 10)
    assert added.rows(model, columns) == [
        ("e1", "page_view", "d1", None, "/a", at), ("e2", "add_to_cart", "d1", "u", "/a", at),
    ]  # fmt: skip
