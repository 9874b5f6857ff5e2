// Asks a Derby server on so many connections at once. Prints `ready`, then what it did: a line of JSON for each statement.
//
//   java -cp DRIVER DerbyCalls.java URL CONNECTIONS ROUNDS

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CyclicBarrier;

public class DerbyCalls {
    public static void main(String[] words) throws Exception {
        int connections = Integer.parseInt(words[1]), rounds = Integer.parseInt(words[2]);
        System.out.println("ready");
        System.in.read();
        String url = words[0] + ";user=ada;password=hunter2";
        try (Connection connection = DriverManager.getConnection(url + ";create=true");
             Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE people (id INT NOT NULL PRIMARY KEY, mail VARCHAR(60), score DECIMAL(8,2))");
        }
        CyclicBarrier open = new CyclicBarrier(connections);
        Thread[] threads = new Thread[connections];
        for (int i = 0; i < connections; i++) {
            int number = i;
            threads[i] = new Thread(() -> {
                try (Connection connection = DriverManager.getConnection(url)) {
                    open.await();
                    ask(connection, number, rounds);
                } catch (Exception error) {
                    error.printStackTrace();
                    System.exit(1);
                }
            });
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    static void ask(Connection connection, int number, int rounds) throws SQLException {
        String insert = "INSERT INTO people VALUES (?, ?, ?)";
        String select = "SELECT id, mail, score FROM people WHERE id BETWEEN ? AND ?";
        try (PreparedStatement inserting = connection.prepareStatement(insert);
             PreparedStatement selecting = connection.prepareStatement(select);
             Statement statement = connection.createStatement()) {
            int first = number * 1000;
            for (int id = first; id < first + rounds; id++) {
                String mail = "user" + id + "@example.com", score = id + ".25";
                inserting.setInt(1, id);
                inserting.setString(2, mail);
                inserting.setBigDecimal(3, new java.math.BigDecimal(score));
                int changed = inserting.executeUpdate();
                say(insert, "[\"" + id + "\",\"" + mail + "\",\"" + score + "\"]", "null", String.valueOf(changed), "null");
                selecting.setInt(1, first);
                selecting.setInt(2, id);
                int rows = 0;
                try (ResultSet found = selecting.executeQuery()) {
                    while (found.next()) {
                        rows++;
                    }
                }
                say(select, "[\"" + first + "\",\"" + id + "\"]", String.valueOf(rows), "null", "null");
                String again = "INSERT INTO people (id) VALUES (" + id + ")";
                try {
                    statement.executeUpdate(again);
                    throw new IllegalStateException("it did not fail");
                } catch (SQLException error) {
                    say(again, "[]", "null", "null", "\"" + error.getSQLState() + "\"");
                }
            }
        }
    }

    static synchronized void say(String statement, String parameters, String rows, String affected, String error) {
        System.out.println("{\"statement\":\"" + statement + "\",\"parameters\":" + parameters + ",\"rows\":" + rows
            + ",\"affected\":" + affected + ",\"error\":" + error + "}");
    }
}
