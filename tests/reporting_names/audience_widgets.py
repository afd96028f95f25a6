"""The questions of the audiences page and of the templates, and their counted answers."""

from __future__ import annotations

from tests.reporting_names.profile_widgets import Widget

LAST_DAY = """(
    SELECT MAX(process_date) AS last_day, merge_policy_id
    FROM qsaccel.profile_agg.adwh_lkup_process_delta_log
    WHERE process_name = 'FACT_TABLES_PROCESSING' AND process_status = 'SUCCESSFUL'
    GROUP BY merge_policy_id)"""

WIDGETS: list[Widget] = [
    (
        "audience size",
        "redshift",
        """
        SELECT SUM(profile_agg.adwh_fact_profile_by_segment_trendlines.count_of_profiles) people
        FROM profile_agg.adwh_fact_profile_by_segment_trendlines
        LEFT OUTER JOIN profile_agg.adwh_dim_segments
          ON adwh_fact_profile_by_segment_trendlines.segment_Id = adwh_dim_segments.segment_id
        WHERE adwh_dim_segments.segment_name = 'loyal' AND merge_policy_id = 11
          AND date_key = '2026-10-31'""",
        [("4",)],
    ),
    (
        "audience size, newer names",
        "snowflake",
        """
        SELECT a.audience_name, f.count_of_profiles
        FROM qsaccel.profile_agg.adwh_fact_profile_by_segment f
        JOIN qsaccel.profile_agg.adwh_dim_audiences a ON a.audience_id = f.segment_id
        WHERE f.merge_policy_id = 12 AND f.date_key = '2026-10-31' AND f.count_of_profiles > 0
        ORDER BY 2 DESC""",
        [("newsletter", "4"), ("loyal", "3")],
    ),
    (
        "audience size trend",
        "redshift",
        f"""
        SELECT audience_size, COUNT(*) AS days, MIN(date_key) AS since FROM (
          SELECT date_key, SUM(count_of_profiles) AS audience_size
          FROM adwh_fact_profile_by_segment_trendlines x
          INNER JOIN {LAST_DAY} y ON x.merge_policy_id = y.merge_policy_id
          WHERE date_key >= dateadd(DAY, -30, y.last_day) AND x.segment_id = 31
            AND x.merge_policy_id = 11
          GROUP BY date_key, segment_id) t
        GROUP BY 1 ORDER BY 1""",
        [("3", "29", "2026-10-01"), ("4", "2", "2026-10-30")],
    ),
    (
        "audience size change trend",
        "redshift",
        f"""
        SELECT date_key, Profiles_added FROM (
          SELECT ROW_NUMBER() OVER (ORDER BY date_key) rn_num, date_key,
                 (people - LAG(people, 1, 0) OVER (ORDER BY date_key)) Profiles_added
          FROM (SELECT date_key, SUM(x.count_of_profiles) people
                FROM adwh_fact_profile_by_segment_trendlines x
                JOIN {LAST_DAY} y ON x.merge_policy_id = y.merge_policy_id
                WHERE segment_id = 31 AND x.merge_policy_id = 11
                  AND x.date_key >= dateadd(DAY, -30 -1, y.last_day)
                GROUP BY x.date_key) a) b
        WHERE rn_num > 1 AND Profiles_added <> 0""",
        [("2026-10-30", "1")],
    ),
    (
        "audience size trend by identity",
        "redshift",
        """
        SELECT x.date_key, SUM(count_of_profiles) AS identities
        FROM adwh_fact_profile_by_segment_and_namespace_trendlines x
        JOIN adwh_dim_namespaces z ON x.namespace_id = z.namespace_id
          AND x.merge_policy_id = z.merge_policy_id
        WHERE x.segment_id = 31 AND z.namespace_description = 'crmid' AND x.merge_policy_id = 11
          AND x.date_key > dateadd(day, -3, '2026-10-31')
        GROUP BY x.date_key ORDER BY 1""",
        [("2026-10-29", "3"), ("2026-10-30", "4"), ("2026-10-31", "4")],
    ),
    (
        "activation order",
        "spark",
        """
        SELECT RANK() OVER (ORDER BY br.create_time) AS place, d.destination_name,
               date_format(br.create_time, 'yyyy-MM-dd') AS activated
        FROM adwh_dim_br_segment_destinations br
        JOIN adwh_dim_destination d ON br.destination_id = d.destination_id
        WHERE br.segment_id = 31 ORDER BY 1 LIMIT 10""",
        [("1", "search_ads", "2026-07-01"), ("2", "newsletter_tool", "2026-10-20")],
    ),
    (
        "audience overlap, whichever is named first",
        "redshift",
        """
        SELECT SUM(count_of_overlap) FROM adwh_fact_profile_overlap_of_segments
        WHERE merge_policy_id = 11 AND date_key = '2026-10-31'
          AND ((segment1 = 31 AND segment2 = 32) OR (segment1 = 32 AND segment2 = 31))""",
        [("2",)],
    ),
    (
        "pairs of audiences stand once, the smaller id first",
        "redshift",
        """
        SELECT COUNT(*), COUNT(DISTINCT segment1 || '/' || segment2), SUM(segment1 / segment2)
        FROM adwh_fact_profile_overlap_of_segments
        WHERE merge_policy_id = 11 AND date_key = '2026-10-31'""",
        [("10", "10", "0")],
    ),
    (
        "identity overlap within an audience",
        "redshift",
        """
        SELECT SUM(f.count_of_profiles)
        FROM adwh_fact_profile_overlap_of_namespace_by_segment f
        WHERE f.segment_id = 31 AND f.merge_policy_id = 11 AND f.date_key = '2026-10-31'
          AND f.overlap_id IN (
            SELECT a.overlap_id
            FROM (SELECT overlap_id, COUNT(*) cnt_num FROM adwh_dim_overlap_namespaces
                  WHERE merge_policy_id = 11 AND overlap_namespaces IN ('crmid', 'email')
                  GROUP BY overlap_id) a
            WHERE a.cnt_num > 1)""",
        [("3",)],
    ),
    (
        "profiles by identity of an audience",
        "redshift",
        """
        SELECT n.namespace_description, SUM(f.count_of_profiles) people
        FROM qsaccel.profile_agg.adwh_fact_profile_by_segment_and_namespace f
        LEFT OUTER JOIN qsaccel.profile_agg.adwh_dim_namespaces n
          ON f.namespace_id = n.namespace_id AND f.merge_policy_id = n.merge_policy_id
        WHERE f.segment_id = 31 AND f.merge_policy_id = 11 AND f.date_key = '2026-10-31'
        GROUP BY n.namespace_description ORDER BY people DESC""",
        [("crmid", "4"), ("email", "3"), ("ecid", "2"), ("phone", "0")],
    ),
    (
        "scheduled activations",
        "redshift",
        """
        SELECT p.destination_platform_name AS platform, d.destination_name, br.start_date,
               CASE WHEN br.end_date = '9999-12-31' THEN 'Ongoing' ELSE br.end_date END AS end_date
        FROM qsaccel.profile_agg.adwh_dim_br_segment_destinations br
        JOIN qsaccel.profile_agg.adwh_dim_destination d ON br.destination_id = d.destination_id
        JOIN qsaccel.profile_agg.adwh_dim_destination_platform p
          ON d.destination_platform_id = p.destination_platform_id
        JOIN (SELECT MAX(process_date) AS last_day FROM adwh_lkup_process_delta_log
              WHERE process_name = 'FACT_TABLES_PROCESSING' AND process_status = 'SUCCESSFUL') lpd
          ON lpd.last_day BETWEEN br.start_date AND br.end_date
        ORDER BY 3""",
        [("ads", "old_ads", "2026-02-01", "2026-12-31"),
         ("ads", "search_ads", "2026-07-01", "Ongoing"),
         ("mail", "newsletter_tool", "2026-08-02", "Ongoing")],
    ),
    (
        "customer AI of an audience",
        "redshift",
        """
        SELECT c.segment_name, CASE WHEN score < 25 THEN 'LOW' WHEN score < 75 THEN 'MEDIUM'
                                    ELSE 'HIGH' END AS bucket, SUM(count_of_profiles) AS people
        FROM adwh_fact_profile_by_segment_ai_models a
        JOIN adwh_dim_ai_models b ON a.merge_policy_id = b.merge_policy_id
          AND a.model_id = b.model_id
        JOIN adwh_dim_segments c ON a.segment_id = c.segment_id
        WHERE a.segment_id = 32 AND score_date = (
          SELECT MAX(score_date) FROM adwh_fact_profile_by_segment_ai_models d
          WHERE d.model_id = a.model_id)
        GROUP BY 1, 2 ORDER BY 2""",
        [("newsletter", "HIGH", "2"), ("newsletter", "LOW", "1"), ("newsletter", "MEDIUM", "2")],
    ),
    (
        "template: audience comparison",
        "postgres",
        """
        SELECT n.namespace_description,
               SUM(f.count_of_profiles) FILTER (WHERE f.segment_id = 31) AS a,
               SUM(f.count_of_profiles) FILTER (WHERE f.segment_id = 32) AS b,
               SUM(CASE f.segment_id WHEN 31 THEN 1 ELSE -1 END * f.count_of_profiles) AS difference
        FROM adwh_fact_profile_by_segment_and_namespace f
        JOIN adwh_dim_namespaces n USING (namespace_id, merge_policy_id)
        WHERE merge_policy_id = 11 AND date_key = '2026-10-31' AND f.segment_id IN (31, 32)
        GROUP BY 1 ORDER BY 1""",
        [("crmid", "4", "2", "2"), ("ecid", "2", "2", "0"), ("email", "3", "5", "-2"),
         ("phone", "0", "0", "0")],
    ),
    (
        "template: audience trends, growth in whole per cent over 30 days",
        "redshift",
        """
        SELECT s.segment_name, 100 * (b.count_of_profiles - a.count_of_profiles)
               / NULLIF(a.count_of_profiles, 0) AS growth
        FROM adwh_fact_profile_by_segment_trendlines a
        JOIN adwh_fact_profile_by_segment_trendlines b ON a.segment_id = b.segment_id
          AND a.merge_policy_id = b.merge_policy_id
          AND b.date_key = dateadd(day, 30, a.date_key)
        JOIN adwh_dim_segments s ON s.segment_id = a.segment_id
        WHERE a.date_key = '2026-10-01' AND a.merge_policy_id = 11 ORDER BY 1""",
        [("empty", None), ("lapsed", "0"), ("loyal", "33"), ("newsletter", "25"), ("void", None)],
    ),
    (
        "template: audience identity overlaps",
        "redshift",
        """
        SELECT LISTAGG(o.overlap_namespaces, ' + ') WITHIN GROUP (ORDER BY o.overlap_namespaces)
                 AS held, MAX(f.count_of_profiles) AS people
        FROM adwh_fact_profile_overlap_of_namespace_by_segment f
        JOIN adwh_dim_overlap_namespaces o ON o.overlap_id = f.overlap_id
          AND o.merge_policy_id = f.merge_policy_id
        WHERE f.segment_id = 31 AND f.merge_policy_id = 11 AND f.date_key = '2026-10-31'
          AND f.count_of_profiles > 0
        GROUP BY f.overlap_id ORDER BY 1""",
        [("crmid + ecid", "1"), ("crmid + ecid + email", "1"), ("crmid + email", "2")],
    ),
]  # fmt: skip
