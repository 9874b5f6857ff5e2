# Runs prepared statements of a MariaDB server through DBD::MariaDB.
use strict;
use warnings;
use DBI;

my ($port, $tls, $certificate) = @ARGV;
my $source = "DBI:MariaDB:database=shop;host=127.0.0.1;port=$port;mariadb_server_prepare=1;mariadb_ssl=" . ($tls eq "tls" ? "1;mariadb_ssl_ca_file=$certificate" : "0");
my $session = DBI->connect($source, "shop", "tulip", { RaiseError => 0, PrintError => 0, AutoCommit => 1 }) or die $DBI::errstr;

sub told {
    my ($statement, $rows, $affected, $error, @parameters) = @_;
    my $json = sub { defined $_[0] ? $_[0] : "null" };
    my $list = join ", ", map { defined $_ ? "\"$_\"" : "null" } @parameters;
    $error = defined $error ? "\"$error\"" : "null";
    printf "{\"pid\": %d, \"statement\": \"%s\", \"rows\": %s, \"affected\": %s, \"error\": %s, \"parameters\": [%s]}\n",
        $$, $statement, $json->($rows), $json->($affected), $error, $list;
}

sub ask {
    my ($statement, $executions) = @_;
    my $prepared = $session->prepare($statement) or return;
    for my $parameters (@$executions) {
        my $affected = $prepared->execute(@$parameters);
        if (!defined $affected) {
            told($statement, undef, undef, $prepared->err, @$parameters);
        } elsif ($prepared->{NUM_OF_FIELDS}) {
            told($statement, scalar @{ $prepared->fetchall_arrayref }, undef, undef, @$parameters);
        } else {
            told($statement, undef, $affected + 0, undef, @$parameters);
        }
    }
    $prepared->finish;
}

$session->do("CREATE TABLE stock (id INT PRIMARY KEY, name VARCHAR(40), password VARCHAR(20))");
told("CREATE TABLE stock (id INT PRIMARY KEY, name VARCHAR(40), password VARCHAR(20))");
ask("INSERT INTO stock (id, name) VALUES (?, ?)", [ [ 1, "one" ], [ 2, undef ], [ 3, "three" ], [ 3, "again" ] ]);
ask("SELECT id, name FROM stock WHERE id < ? OR name = ?", [ [ 2, "three" ], [ 9, "none" ] ]);
ask("DELETE FROM stock WHERE id = ?", [ [1], [99] ]);
$session->do("DROP TABLE stock");
told("DROP TABLE stock");
$session->disconnect;
