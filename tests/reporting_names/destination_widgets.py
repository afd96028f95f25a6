"""The questions of the destinations page, through the documented names, and their answers."""

from __future__ import annotations

from tests.reporting_names.audience_widgets import LAST_DAY
from tests.reporting_names.profile_widgets import Widget

BY_IDENTITY = """
    SELECT s.segment_name, SUM(f.count_of_profiles) AS identities
    FROM adwh_fact_profile_by_segment_and_namespace f
    JOIN adwh_dim_segments s ON s.segment_id = f.segment_id
    JOIN adwh_dim_namespaces n ON n.namespace_id = f.namespace_id
      AND n.merge_policy_id = f.merge_policy_id
    WHERE n.namespace_description = 'crmid' AND f.date_key = '2026-10-31'
      AND f.merge_policy_id = 11 AND f.segment_id {} IN (
        SELECT segment_id FROM adwh_dim_br_segment_destinations)
    GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5"""

WIDGETS: list[Widget] = [
    (
        "most used destinations",
        "redshift",
        """
        SELECT adwh_dim_destination.destination_name,
               COUNT(DISTINCT qsaccel.profile_agg.adwh_dim_br_segment_destinations.segment_id) uses
        FROM qsaccel.profile_agg.adwh_dim_destination
        JOIN qsaccel.profile_agg.adwh_dim_br_segment_destinations
          ON qsaccel.profile_agg.adwh_dim_destination.destination_id
            = qsaccel.profile_agg.adwh_dim_br_segment_destinations.destination_id
        GROUP BY adwh_dim_destination.destination_name ORDER BY uses DESC, 1 LIMIT 20""",
        [("newsletter_tool", "2"), ("search_ads", "2"), ("old_ads", "1")],
    ),
    (
        "recently created destinations",
        "redshift",
        """
        SELECT DISTINCT destination_name, create_time FROM adwh_dim_destination
        WHERE destination_status = 'enabled' ORDER BY create_time DESC LIMIT 20""",
        [("newsletter_tool", "2026-08-01 08:00:00"), ("search_ads", "2026-06-01 08:00:00")],
    ),
    (
        "recently activated audiences",
        "redshift",
        """
        SELECT segment_name, destination_name, a.create_time create_time
        FROM adwh_dim_br_segment_destinations a
        INNER JOIN adwh_dim_segments b ON a.segment_id = b.segment_id
        INNER JOIN adwh_dim_destination c ON a.destination_id = c.destination_id
        ORDER BY create_time DESC, segment LIMIT 2""",
        [("loyal", "newsletter_tool", "2026-10-20 09:00:00"),
         ("newsletter", "search_ads", "2026-09-01 09:00:00")],
    ),
    (
        "recently activated audiences by destination",
        "tsql",
        """
        SELECT TOP 5 b.segment_name, CONVERT(date, a.create_time) AS activated
        FROM qsaccel.profile_agg.adwh_dim_br_segment_destinations a
        JOIN qsaccel.profile_agg.adwh_dim_segments b ON a.segment_id = b.segment_id
        WHERE a.destination_id = 41 ORDER BY a.create_time DESC, a.segment_id""",
        [("newsletter", "2026-09-01"), ("loyal", "2026-07-01")],
    ),
    (
        "audience size trend by destination",
        "redshift",
        f"""
        SELECT d.destination_name, b.segment_name, a.date_key, SUM(a.count_of_profiles) people
        FROM adwh_fact_profile_by_segment_trendlines a
        JOIN adwh_dim_segments b ON a.segment_id = b.segment_id
        JOIN adwh_dim_br_segment_destinations c ON a.segment_id = c.segment_id
        JOIN adwh_dim_destination d ON c.destination_id = d.destination_id
        JOIN {LAST_DAY} f ON a.merge_policy_id = f.merge_policy_id
        WHERE a.date_key >= dateadd(DAY, -1-1, f.last_day) AND d.destination_id = 41
          AND c.segment_id = 31 AND a.merge_policy_id = 11
        GROUP BY 1, 2, 3 ORDER BY 3""",
        [("search_ads", "loyal", "2026-10-29", "3"), ("search_ads", "loyal", "2026-10-30", "4"),
         ("search_ads", "loyal", "2026-10-31", "4")],
    ),
    ("mapped audiences by identity", "redshift", BY_IDENTITY.format(""),
     [("loyal", "4"), ("newsletter", "2"), ("lapsed", "1")]),
    ("unmapped audiences by identity", "redshift", BY_IDENTITY.format("NOT"),
     [("empty", "0"), ("void", "0")]),
    (
        "common audiences of two destinations",
        "redshift",
        f"""
        SELECT b.segment_name, SUM(a.count_of_profiles) AS people
        FROM (SELECT i.segment_id FROM adwh_dim_br_segment_destinations AS i
              INNER JOIN adwh_dim_br_segment_destinations AS j ON i.segment_id = j.segment_id
              WHERE i.destination_id = 41 AND j.destination_id = 42) AS k
        INNER JOIN adwh_fact_profile_by_segment a ON a.segment_id = k.segment_id
        INNER JOIN adwh_dim_segments b ON b.segment_id = k.segment_id
        INNER JOIN {LAST_DAY} c ON a.merge_policy_id = c.merge_policy_id
        WHERE a.date_key = c.last_day AND a.merge_policy_id = 11
        GROUP BY b.segment_name ORDER BY people DESC LIMIT 20""",
        [("newsletter", "5"), ("loyal", "4")],
    ),
    (
        "mapped audiences",
        "redshift",
        """
        SELECT COUNT(segment_id) AS mapped FROM adwh_dim_br_segment_destinations
        WHERE destination_id = 41""",
        [("2",)],
    ),
    (
        # newsletter: 30 days of 4, one of 5: mean 125/31, deviation sqrt(30)/31, z = sqrt(30).
        # loyal: 29 days of 3, two of 4: mean 95/31, deviation sqrt(58)/31, z = 29/sqrt(58).
        # lapsed is always 1: no deviation, z = 0, not listed.
        "mapped audience health",
        "redshift",
        f"""
        SELECT segment_name, ROUND(mean, 4), latest, ROUND(deviation, 4), ROUND(z, 4) FROM (
          SELECT c.segment_name, f.mean, f.latest, f.deviation,
                 CASE WHEN deviation = 0 THEN 0 ELSE (f.latest - f.mean) / f.deviation END AS z
          FROM (SELECT segment_id, AVG(people) AS mean, stdevp(people) AS deviation,
                       SUM(CASE WHEN last_day = date_key THEN people ELSE 0 END) AS latest
                FROM (SELECT x.date_key, x.segment_id, d.last_day, SUM(x.count_of_profiles) people
                      FROM adwh_fact_profile_by_segment_trendlines x
                      JOIN {LAST_DAY} d ON x.merge_policy_id = d.merge_policy_id
                      WHERE x.date_key >= dateadd (DAY, -30, d.last_day)
                        AND x.merge_policy_id = 11
                      GROUP BY x.date_key, x.segment_id, d.last_day) AS t
                GROUP BY segment_id) AS f
          JOIN adwh_dim_segments c ON f.segment_id = c.segment_id
          WHERE c.segment_id IN (SELECT segment_id FROM adwh_dim_br_segment_destinations)) AS m
        WHERE ABS(m.z) >= 1 ORDER BY m.latest DESC LIMIT 20""",
        [("newsletter", "4.0323", "5", "0.1767", "5.4772"),
         ("loyal", "3.0645", "4", "0.2457", "3.8079")],
    ),
    ("destinations count", "redshift", "SELECT COUNT(destination_id) FROM adwh_dim_destination",
     [("3",)]),
    (
        "destination status",
        "redshift",
        """
        SELECT COUNT(CASE WHEN destination_status = 'enabled' THEN 1 END) AS active,
               COUNT(CASE WHEN destination_status = 'disabled' THEN 1 END) AS inactive
        FROM qsaccel.profile_agg.adwh_dim_destination""",
        [("2", "1")],
    ),
    (
        "active destinations by platform",
        "redshift",
        """
        SELECT destination_platform_name AS "Destination Platform", COUNT(destination_id) AS Active
        FROM adwh_dim_destination a
        JOIN adwh_dim_destination_platform b USING (destination_platform_id)
        WHERE destination_status = 'enabled' GROUP BY 1 ORDER BY 1""",
        [("ads", "1"), ("mail", "1")],
    ),
    (
        "activated audiences, of one destination and of all",
        "redshift",
        """
        SELECT COUNT(CASE WHEN destination_id = 41 THEN segment_id END), COUNT(segment_id)
        FROM adwh_dim_br_segment_destinations
        WHERE (SELECT MAX(process_date) FROM adwh_lkup_process_delta_log
               WHERE process_name = 'FACT_TABLES_PROCESSING'
                 AND process_status = 'SUCCESSFUL') BETWEEN start_date AND end_date""",
        [("1", "3")],
    ),
]  # fmt: skip
