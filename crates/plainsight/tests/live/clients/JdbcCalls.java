// Asks a database over Java's own TLS, on so many connections at once. Prints `ready`, and the statements that it made.
//
//   java -cp DRIVER JdbcCalls.java URL CONNECTIONS CALLS

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.concurrent.CyclicBarrier;

public class JdbcCalls {
    public static void main(String[] words) throws Exception {
        int connections = Integer.parseInt(words[1]), calls = Integer.parseInt(words[2]);
        System.out.println("ready");
        System.in.read();
        CyclicBarrier open = new CyclicBarrier(connections);
        Thread[] threads = new Thread[connections];
        for (int i = 0; i < connections; i++) {
            int number = i;
            threads[i] = new Thread(() -> {
                try (Connection connection = DriverManager.getConnection(words[0])) {
                    open.await();
                    for (int call = 0; call < calls; call++) {
                        String statement = "SELECT " + number + " AS connection, " + call + " AS turn, ? AS mail";
                        try (PreparedStatement prepared = connection.prepareStatement(statement)) {
                            prepared.setString(1, "ada" + number + "@example.com");
                            ResultSet rows = prepared.executeQuery();
                            if (!rows.next() || !rows.getString(3).startsWith("ada")) {
                                throw new IllegalStateException("another answer");
                            }
                        }
                    }
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
}
