"""The questions of the profiles page, through the documented names, and their counted answers."""

from __future__ import annotations

Widget = tuple[str, str, str, list[tuple[str | None, ...]]]
"""What it shows, the dialect, the statement, the rows."""

WIDGETS: list[Widget] = [
    (
        "profile count",
        "redshift",
        """
        SELECT p.merge_policy_name, SUM(f.count_of_profiles) AS CNT
        FROM qsaccel.profile_agg.adwh_fact_profile AS f
        LEFT JOIN qsaccel.profile_agg.adwh_dim_merge_policies AS p
          ON f.merge_policy_id = p.merge_policy_id
        WHERE f.date_key = '2026-10-31'
        GROUP BY p.merge_policy_name ORDER BY CNT DESC""",
        [("default", "10"), ("strict", "5")],
    ),
    (
        "profile count trend",
        "redshift",
        """
        SELECT people, MIN(date_key) AS since, COUNT(*) AS days FROM (
          SELECT QSAccel.profile_agg.adwh_fact_profile_by_trendlines.date_key,
                 SUM(adwh_fact_profile_by_trendlines.count_of_profiles) people
          FROM QSAccel.profile_agg.adwh_fact_profile_by_trendlines
          WHERE merge_policy_id = 11 AND date_key >= dateadd(DAY, -30, '2026-10-31')
          GROUP BY 1) t
        GROUP BY people ORDER BY people""",
        [("6", "2026-10-01", "1"), ("7", "2026-10-02", "13"), ("8", "2026-10-15", "15"),
         ("9", "2026-10-30", "1"), ("10", "2026-10-31", "1")],
    ),
    (
        "profile count change in 2 days",
        "snowflake",
        """
        SELECT SUM(IFF(date_key = '2026-10-31', count_of_profiles, -count_of_profiles)) AS change
        FROM adwh_fact_profile
        WHERE merge_policy_id = 11
          AND date_key IN ('2026-10-31', dateadd(day, -2, '2026-10-31'::date))""",
        [("2",)],
    ),
    (
        "profile count change since the earliest day of 90",
        "tsql",
        """
        SELECT TOP 1 [now].count_of_profiles - [then].count_of_profiles AS [profiles added]
        FROM profile_agg.adwh_fact_profile [now]
        JOIN profile_agg.adwh_fact_profile_by_trendlines [then]
          ON [then].merge_policy_id = [now].merge_policy_id
        WHERE [now].date_key = '2026-10-31' AND [now].merge_policy_id = 11
          AND [then].date_key >= DATEADD(DAY, -90, CAST('2026-10-31' AS date))
        ORDER BY [then].date_key""",
        [("4",)],
    ),
    (
        "profile count change trend",
        "redshift",
        """
        SELECT date_key, change FROM (
          SELECT date_key, ROW_NUMBER() OVER (ORDER BY date_key) AS place,
                 count_of_profiles - LAG(count_of_profiles, 1, 0) OVER (ORDER BY date_key) AS change
          FROM profile_agg.adwh_fact_profile_by_trendlines
          WHERE merge_policy_id = 11
            AND date_key >= dateadd(day, -3 - 1, to_date('2026-10-31', 'YYYY-MM-DD'))) steps
        WHERE place > 1 ORDER BY date_key""",
        [("2026-10-28", "0"), ("2026-10-29", "0"), ("2026-10-30", "1"), ("2026-10-31", "1")],
    ),
    (
        "profile count change trend by identity",
        "spark",
        """
        WITH daily AS (
          SELECT f.date_key, n.namespace_description, f.count_of_profiles
          FROM adwh_fact_profile_by_namespace_trendlines f JOIN adwh_dim_namespaces n
            ON f.namespace_id = n.namespace_id AND f.merge_policy_id = n.merge_policy_id
          WHERE f.merge_policy_id = 11 AND f.date_key >= date_add('2026-10-31', -2))
        SELECT namespace_description, date_key,
               count_of_profiles - lag(count_of_profiles)
                 OVER (PARTITION BY namespace_description ORDER BY date_key) AS `the change`
        FROM daily QUALIFY `the change` > 0 ORDER BY 1, 2""",
        [("crmid", "2026-10-30", "1"), ("ecid", "2026-10-30", "1"),
         ("ecid", "2026-10-31", "1"), ("email", "2026-10-31", "1")],
    ),
    (
        "profiles by identity",
        "bigquery",
        """
        SELECT n.namespace_description, SUM(f.count_of_profiles) AS people
        FROM `qsaccel.profile_agg.adwh_fact_profile_by_namespace` f
        JOIN `qsaccel.profile_agg.adwh_dim_namespaces` n USING (namespace_id, merge_policy_id)
        WHERE merge_policy_id = 11 AND date_key = DATE '2026-10-31'
        GROUP BY 1 ORDER BY people DESC, 1""",
        [("email", "6"), ("crmid", "5"), ("ecid", "5"), ("phone", "0")],
    ),
    (
        "identity overlap",
        "redshift",
        """
        SELECT SUM(a) AS a, SUM(b) AS b, COALESCE(SUM(both_of_them), 0) AS "Both" FROM (
          SELECT 0 a, 0 b, SUM(count_of_profiles) both_of_them
          FROM qsaccel.profile_agg.adwh_fact_profile_overlap_of_namespace f
          WHERE f.merge_policy_id = 11 AND f.date_key = '2026-10-31' AND f.overlap_id IN (
            SELECT adwh_dim_overlap_namespaces.overlap_id
            FROM qsaccel.profile_agg.adwh_dim_overlap_namespaces
            WHERE qsaccel.profile_agg.adwh_dim_overlap_namespaces.merge_policy_id = 11
              AND overlap_namespaces IN ('email', 'crmid')
            GROUP BY adwh_dim_overlap_namespaces.overlap_id HAVING COUNT(*) > 1)
          UNION ALL
          SELECT CASE namespace_description WHEN 'email' THEN count_of_profiles END,
                 CASE namespace_description WHEN 'crmid' THEN count_of_profiles END, 0
          FROM adwh_fact_profile_by_namespace x
          JOIN adwh_dim_namespaces y ON x.namespace_id = y.namespace_id
            AND x.merge_policy_id = y.merge_policy_id
          WHERE x.date_key = '2026-10-31' AND x.merge_policy_id = 11) parts""",
        [("6", "5", "3")],
    ),
    (
        "single identity profiles",
        "postgres",
        """
        SELECT sum("count_of_Single_Identity_profiles") FROM profile_agg.adwh_fact_profile
        WHERE date_key = '2026-10-31'::date AND merge_policy_id = 11""",
        [("5",)],
    ),
    (
        "single identity profiles by identity",
        "redshift",
        """
        SELECT namespace_description, SUM(count_of_Single_Identity_profiles) AS people
        FROM adwh_fact_profile_by_namespace f LEFT JOIN adwh_dim_namespaces n
          ON f.namespace_id = n.namespace_id AND f.merge_policy_id = n.merge_policy_id
        WHERE f.merge_policy_id = 11 AND f.date_key = '2026-10-31'
        GROUP BY namespace_description ORDER BY people DESC, 1 LIMIT 5""",
        [("ecid", "2"), ("email", "2"), ("crmid", "1"), ("phone", "0")],
    ),
    (
        "single identity profiles by identity, trend",
        "redshift",
        """
        SELECT COUNT_OF_SINGLE_IDENTITY_PROFILES AS people, MIN(date_key), MAX(date_key)
        FROM qsaccel.profile_agg.adwh_fact_profile_by_namespace_trendlines
        WHERE namespace_id = 23 AND merge_policy_id = 11 GROUP BY 1 ORDER BY 1""",
        [("0", "2026-09-29", "2026-10-01"), ("1", "2026-10-02", "2026-10-14"),
         ("2", "2026-10-15", "2026-10-31")],
    ),
    (
        "unsegmented profiles",
        "redshift",
        """
        SELECT SUM(qsaccel.profile_agg.adwh_fact_profile.count_of_Orphan_profiles) CNT
        FROM qsaccel.profile_agg.adwh_fact_profile
        WHERE qsaccel.profile_agg.adwh_fact_profile.date_key = '2026-10-31'
          AND adwh_fact_profile.merge_policy_id = 11""",
        [("2",)],
    ),
    (
        "unsegmented profiles, trend, as whole per cent",
        "redshift",
        """
        SELECT date_key, 100 * count_of_Orphan_profiles / count_of_profiles AS per_cent
        FROM adwh_fact_profile WHERE merge_policy_id = 11
          AND date_key IN ('2026-10-01', '2026-10-02', '2026-10-15', '2026-10-31')
        ORDER BY date_key""",
        [("2026-10-01", "0"), ("2026-10-02", "14"), ("2026-10-15", "25"), ("2026-10-31", "20")],
    ),
    (
        "audiences: mapped, not mapped, all",
        "redshift",
        """
        SELECT COUNT(DISTINCT y.segment_id) AS mapped,
               COUNT(DISTINCT x.segment_id) - COUNT(DISTINCT y.segment_id) AS unmapped,
               COUNT(DISTINCT (x.segment_id)) AS audiences
        FROM adwh_fact_profile_by_segment_trendlines x
        LEFT JOIN adwh_dim_br_segment_destinations y ON x.segment_id = y.segment_id
        JOIN (SELECT MAX(process_date) AS last_day, merge_policy_id
              FROM adwh_lkup_process_delta_log
              WHERE process_name = 'FACT_TABLES_PROCESSING' AND process_status = 'SUCCESSFUL'
              GROUP BY merge_policy_id) z
          ON x.merge_policy_id = z.merge_policy_id AND x.date_key = z.last_day
        WHERE x.merge_policy_id = 11""",
        [("3", "2", "5")],
    ),
    (
        "audiences by size",
        "databricks",
        """
        SELECT s.segment_name, f.count_of_profiles
        FROM adwh_fact_profile_by_segment f JOIN adwh_dim_segments s USING (segment_id)
        WHERE f.date_key = to_date('2026-10-31') AND f.merge_policy_id = 11
        ORDER BY f.count_of_profiles DESC, s.segment_name LIMIT 20""",
        [("newsletter", "5"), ("loyal", "4"), ("lapsed", "1"), ("empty", "0"), ("void", "0")],
    ),
    (
        "audience overlap report",
        "redshift",
        """
        SELECT a.segment_name, b.segment_name, MAX(count_of_overlap) AS shared,
               CASE WHEN MAX(x.count_of_profiles + y.count_of_profiles - count_of_overlap) > 0
                    THEN ROUND(CAST(MAX(count_of_overlap) AS DECIMAL(18, 2))
                      / MAX(x.count_of_profiles + y.count_of_profiles - count_of_overlap)
                      * 100::DECIMAL(9, 2), 2)
                    ELSE 100.00 END AS per_cent
        FROM adwh_fact_profile_overlap_of_segments o
        JOIN adwh_dim_segments a ON a.segment_id = o.Segment1
        JOIN adwh_dim_segments b ON b.segment_id = o.Segment2
        JOIN adwh_fact_profile_by_segment x ON x.segment_id = o.segment1
          AND x.date_key = o.date_key AND x.merge_policy_id = o.merge_policy_id
        JOIN adwh_fact_profile_by_segment y ON y.segment_id = o.segment2
          AND y.date_key = o.date_key AND y.merge_policy_id = o.merge_policy_id
        WHERE o.date_key = '2026-10-31' AND o.merge_policy_id = 11
        GROUP BY 1, 2 ORDER BY per_cent DESC, 1, 2 LIMIT 3""",
        [("empty", "void", "0", "100.0"), ("loyal", "newsletter", "2", "28.57"),
         ("lapsed", "empty", "0", "0.0")],
    ),
    (
        "customer AI, distribution of scores",
        "redshift",
        """
        SELECT b.model_name, LPAD(CAST(5 * (LEAST(score, 99) / 5) AS VARCHAR), 2, '0') AS bin,
               SUM(count_of_profiles) AS people
        FROM adwh_fact_profile_ai_models a JOIN adwh_dim_ai_models b
          ON a.merge_policy_id = b.merge_policy_id AND a.model_id = b.model_id
        WHERE a.model_id = 61 AND score_date = (
          SELECT MAX(score_date) FROM adwh_fact_profile_ai_models d WHERE d.model_id = a.model_id)
        GROUP BY 1, 2 ORDER BY 2""",
        [("churn_2026", "00", "1"), ("churn_2026", "20", "1"), ("churn_2026", "25", "2"),
         ("churn_2026", "70", "1"), ("churn_2026", "75", "1"), ("churn_2026", "95", "4")],
    ),
    (
        "customer AI, summary",
        "redshift",
        """
        SELECT model_type, CASE WHEN score BETWEEN 0 AND 24 THEN 'LOW'
                                WHEN score BETWEEN 25 AND 74 THEN 'MEDIUM'
                                WHEN score BETWEEN 75 AND 100 THEN 'HIGH' END bucket,
               SUM(count_of_profiles) people
        FROM QSAccel.profile_agg.adwh_fact_profile_ai_models a
        JOIN QSAccel.profile_agg.adwh_dim_ai_models b ON a.model_id = b.model_id
          AND a.merge_policy_id = b.merge_policy_id
        WHERE score_date = '2026-10-31' GROUP BY 1, 2 ORDER BY people""",
        [("churn", "LOW", "2"), ("churn", "MEDIUM", "3"), ("churn", "HIGH", "5")],
    ),
]  # fmt: skip
