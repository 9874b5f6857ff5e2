//! MySQL and MariaDB: log-ins, refusals, and commands but for those that nobody answers (`QUIT`, the end of a statement).

/// Captures that hold it, with their exchanges.
pub(super) const HELD: &[(&str, usize)] = &[
    ("mysql/beats__mysql_affected_rows.pcap", 1),
    ("mysql/beats__mysql_connection.pcap", 7),
    ("mysql/beats__mysql_err_database_not_selected.pcap", 1),
    ("mysql/beats__mysql_int_string_operations.pcap", 158),
    ("mysql/beats__mysql_long.pcap", 1),
    ("mysql/beats__mysql_long_result.pcap", 1),
    ("mysql/beats__mysql_prepare_statement.pcap", 2),
    ("mysql/beats__mysql_windows_lineending.pcap", 1),
    // Its answer has a hole.
    ("mysql/beats__mysql_with_gap.pcap", 1),
    ("mysql/beats__mysql_with_whitespaces.pcap", 13),
    ("mysql/deepflow__binary-in-sql.pcap", 2),
    // tshark does not see that its packets are packed.
    ("mysql/deepflow__mysql-compressed-response.pcap", 1),
    ("mysql/deepflow__mysql-error.pcap", 4),
    ("mysql/deepflow__mysql-exec.pcap", 2),
    ("mysql/deepflow__mysql-login-error.pcap", 1),
    ("mysql/deepflow__mysql-statement.pcap", 11),
    ("mysql/deepflow__mysql-table-alter.pcap", 3),
    ("mysql/deepflow__mysql-table-create.pcap", 8),
    ("mysql/deepflow__mysql-table-delete.pcap", 3),
    ("mysql/deepflow__mysql-table-destroy.pcap", 3),
    ("mysql/deepflow__mysql-table-insert.pcap", 3),
    ("mysql/deepflow__mysql-table-select.pcap", 3),
    ("mysql/deepflow__mysql-table-update.pcap", 3),
    ("mysql/deepflow__mysql-use.pcap", 1),
    ("mysql/deepflow__mysql.pcap", 6),
    ("mysql/deepflow__truncate-1024.pcap", 3),
    ("mysql/nDPI__mysql.pcapng", 2),
    ("mysql/suricata-verify__community-id-sameip__input.pcap", 17),
    // Three connections are refused by an error in the place of a greeting, which tshark does not count.
    ("mysql/zeek__auth.pcap", 14),
    ("mysql/zeek__caching_sha2_password-after-auth-switch.pcapng", 5),
    // tshark takes what proves an identity for a command (202).
    ("mysql/zeek__caching_sha2_password.pcap", 11),
    ("mysql/zeek__change-user-error.pcap", 3),
    ("mysql/zeek__change-user-success.pcap", 6),
    ("mysql/zeek__mysql-9.0.0-query-attributes.pcap", 3),
    ("mysql/zeek__mysql-on-port-5432.pcap", 6),
    ("mysql/zeek__mysql-show-engine-innodb-status-no-password.pcap", 3),
    ("mysql/zeek__mysql.pcap", 17),
    ("mysql/zeek__mysql8-navicat-login-failed.pcap", 1),
    ("mysql/zeek__query-attr.pcap", 4),
    ("mysql/zeek__selects_with_new_proto.pcap", 5),
];
