import java.math.BigDecimal;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Time;
import java.sql.Timestamp;
import java.sql.Types;

/** What is recorded of Derby's own client: the address, the database, the scenario. */
public class Client {
    static final String KINDS = "CREATE TABLE kinds (id INT NOT NULL PRIMARY KEY, name VARCHAR(40), email VARCHAR(80), "
        + "balance DECIMAL(10,2), score DOUBLE, born DATE, seen TIMESTAMP, small SMALLINT, big BIGINT, "
        + "raw VARCHAR(8) FOR BIT DATA, clock TIME, ratio REAL, code CHAR(5), ok BOOLEAN)";

    public static void main(String[] words) throws Exception {
        String url = "jdbc:derby://" + words[0] + "/" + words[1];
        String password = words[2].equals("refused") ? "tulip-cleartext" : "hunter2";
        try (Connection connection = DriverManager.getConnection(url, "ada", password)) {
            switch (words[2]) {
                case "prepare" -> prepare(connection);
                case "statements" -> statements(connection);
                case "prepared" -> prepared(connection);
                case "transactions" -> transactions(connection);
                case "cursors" -> cursors(connection);
                case "long" -> longValues(connection);
                case "calls" -> calls(connection);
                default -> throw new IllegalArgumentException(words[2]);
            }
        } catch (SQLException e) {
            if (!words[2].equals("refused")) {
                throw e;
            }
        }
    }

    static void prepare(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(KINDS);
            statement.execute("CREATE TABLE many (n INT, filler VARCHAR(100))");
            statement.execute("CREATE TABLE notes (id INT, body CLOB, picture BLOB)");
            statement.execute("CREATE TABLE accounts (name VARCHAR(20), password VARCHAR(40))");
        }
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO many VALUES (?, ?)")) {
            for (int n = 0; n < 400; n++) {
                insert.setInt(1, n);
                insert.setString(2, "0123456789abcdef".repeat(6));
                insert.addBatch();
            }
            insert.executeBatch();
        }
    }

    static void statements(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.executeUpdate("INSERT INTO kinds (id, name, email) VALUES (1, 'ada', 'ada@example.com'), (2, 'gr\u00fcn', NULL)");
            rows(statement.executeQuery("SELECT id, name, email FROM kinds ORDER BY id"));
            statement.executeUpdate("INSERT INTO accounts (name, password) VALUES ('ada', 'hunter2')");
            failing(() -> statement.executeQuery("SELECT nothing FROM nowhere"));
            failing(() -> statement.executeUpdate("INSERT INTO kinds (id) VALUES (1)"));
            failing(() -> statement.executeUpdate("SELECT FROM WHERE"));
            statement.executeUpdate("UPDATE kinds SET name = 'x' WHERE id > 0");
            statement.executeUpdate("DELETE FROM kinds WHERE id = 77");
            rows(statement.executeQuery("VALUES (1, 2.50, 'c', DATE('2026-11-22'))"));
        }
    }

    static void prepared(Connection connection) throws SQLException {
        String text = "INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        try (PreparedStatement insert = connection.prepareStatement(text)) {
            for (int id = 11; id <= 13; id++) {
                insert.setInt(1, id);
                insert.setString(2, "user " + id);
                insert.setString(3, id == 12 ? null : "user" + id + "@example.com");
                insert.setBigDecimal(4, new BigDecimal("-12.5" + id % 10));
                insert.setDouble(5, 1.5 * id);
                insert.setDate(6, Date.valueOf("2025-10-24"));
                insert.setTimestamp(7, Timestamp.valueOf("2025-10-24 01:02:03.456789"));
                insert.setShort(8, (short) -id);
                insert.setLong(9, 1L << 40);
                insert.setBytes(10, new byte[] {1, 2, (byte) 0xff});
                insert.setTime(11, Time.valueOf("12:34:56"));
                insert.setFloat(12, 0.25f);
                insert.setString(13, "abc");
                insert.setBoolean(14, id == 11);
                insert.executeUpdate();
            }
        }
        rows(connection.prepareStatement("SELECT * FROM kinds WHERE id > 10").executeQuery());
        try (PreparedStatement select = connection.prepareStatement("SELECT email FROM kinds WHERE id = ?")) {
            for (int id = 10; id <= 12; id++) {
                select.setInt(1, id);
                rows(select.executeQuery());
            }
        }
        try (PreparedStatement secret = connection.prepareStatement("UPDATE accounts SET password = ? WHERE name = ?")) {
            secret.setString(1, "hunter2");
            secret.setString(2, "ada");
            secret.executeUpdate();
        }
    }

    static void transactions(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO kinds (id, score) VALUES (?, ?)")) {
            for (int id : new int[] {21, 22, 21}) {
                insert.setInt(1, id);
                insert.setDouble(2, id / 2.0);
                insert.addBatch();
            }
            failing(insert::executeBatch);
            connection.rollback();
            insert.setInt(1, 23);
            insert.setDouble(2, 0.5);
            insert.executeUpdate();
            connection.commit();
        }
    }

    static void cursors(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        try (PreparedStatement select = connection.prepareStatement("SELECT n, filler FROM many WHERE n < ?")) {
            select.setInt(1, 390);
            select.setFetchSize(100);
            rows(select.executeQuery());
            select.setInt(1, 3);
            ResultSet left = select.executeQuery();
            left.next();
            left.close();
        }
        connection.commit();
    }

    static void longValues(Connection connection) throws SQLException {
        String text = "0123456789abcdef".repeat(2500);
        try (Statement statement = connection.createStatement()) {
            rows(statement.executeQuery("SELECT n FROM many WHERE n < 3 -- " + text));
        }
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO notes VALUES (?, ?, ?)")) {
            insert.setInt(1, 1);
            insert.setString(2, "a note to ada@example.com");
            insert.setBytes(3, text.getBytes());
            insert.executeUpdate();
            insert.setInt(1, 2);
            insert.setNull(2, Types.CLOB);
            insert.setBytes(3, new byte[0]);
            insert.executeUpdate();
        }
        rows(connection.prepareStatement("SELECT id, body FROM notes").executeQuery());
    }

    static void calls(Connection connection) throws SQLException {
        try (CallableStatement call = connection.prepareCall("? = CALL SYSCS_UTIL.SYSCS_GET_RUNTIMESTATISTICS()")) {
            call.registerOutParameter(1, Types.VARCHAR);
            call.execute();
        } catch (SQLException e) {
            System.err.println(e.getMessage());
        }
        try (CallableStatement call = connection.prepareCall("CALL SYSCS_UTIL.SYSCS_SET_RUNTIMESTATISTICS(?)")) {
            call.setInt(1, 1);
            call.execute();
        }
    }

    static void rows(ResultSet rows) throws SQLException {
        int columns = rows.getMetaData().getColumnCount();
        while (rows.next()) {
            for (int column = 1; column <= columns; column++) {
                rows.getString(column);
            }
        }
        rows.close();
    }

    interface Call {
        Object run() throws SQLException;
    }

    static void failing(Call call) {
        try {
            call.run();
        } catch (SQLException e) {
            return;
        }
        throw new IllegalStateException("it did not fail");
    }
}
