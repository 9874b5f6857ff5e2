//! PostgreSQL.

/// Captures that hold it, with their exchanges.
pub(super) const HELD: &[(&str, usize)] = &[
    ("postgresql/beats__pgsql_extended_query.pcap", 3),
    ("postgresql/beats__pgsql_long_result.pcap", 1),
    ("postgresql/beats__pgsql_request_response.pcap", 1),
    // A login that psql broke off to ask for the password, the login, a query.
    ("postgresql/beats__pgsql_rt.pcap", 3),
    ("postgresql/deepflow__pgsql-all.pcap", 32),
    // Parse, Describe, Sync; what follows answers another one.
    ("postgresql/deepflow__prepare_stat.pcap", 1),
    ("postgresql/deepflow__simple_query.pcap", 1),
    ("postgresql/nDPI__pgsql.pcap", 11),
    ("postgresql/suricata-verify__pgsql__pgsql-5000-query-results__input.pcap", 3),
    ("postgresql/suricata-verify__pgsql__pgsql-5524__input.pcap", 5),
    ("postgresql/suricata-verify__pgsql__pgsql-pwd-output-disabled__input.pcap", 1),
    ("postgresql/suricata-verify__pgsql__pgsql-query-keyword-01__input.pcap", 4),
    ("postgresql/suricata-verify__pgsql__pgsql-simple-query-rollback__input.pcap", 23),
    ("postgresql/suricata-verify__pgsql__pgsql-ssl-rejected-md5-auth-simple-query__input.pcap", 3),
    ("postgresql/suricata-verify__pgsql__pgsql-upgrade-tls__input.pcap", 1),
    // A login, answered by nonsense.
    ("postgresql/zeek__bad-backend-message-1.pcap", 1),
    ("postgresql/zeek__greenhouse-app.pcap", 86),
    ("postgresql/zeek__psql-aws-ssl-disable-15432.pcap", 2),
    ("postgresql/zeek__psql-aws-ssl-disable.pcap", 2),
    ("postgresql/zeek__psql-insert-fail-drop-fail.pcap", 6),
    ("postgresql/zeek__psql-login-no-role.pcap", 1),
    ("postgresql/zeek__psql-login-no-sslrequest.pcap", 2),
    ("postgresql/zeek__psql-login-wrong.pcap", 1),
    ("postgresql/zeek__psql-select-now.pcap", 2),
];
