// Calls a web server over Java's own TLS, on so many connections at once. Prints `ready`, waits for a line, and then a line
// of JSON for each call.
//
//   java HttpsCalls.java http1|http2|url PORT CONNECTIONS CALLS

import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.concurrent.CyclicBarrier;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

public class HttpsCalls {
    interface Caller {
        int call(String url) throws Exception;
    }

    public static void main(String[] words) throws Exception {
        // The server's certificate signs itself.
        System.setProperty("jdk.internal.httpclient.disableHostnameVerification", "true");
        System.setProperty("http.maxConnections", "100");
        HttpsURLConnection.setDefaultHostnameVerifier((name, session) -> true);
        HttpsURLConnection.setDefaultSSLSocketFactory(trusting().getSocketFactory());
        String kind = words[0];
        int connections = Integer.parseInt(words[2]), calls = Integer.parseInt(words[3]);
        System.out.println("ready");
        System.in.read();
        CyclicBarrier open = new CyclicBarrier(connections);
        Thread[] threads = new Thread[connections];
        for (int i = 0; i < connections; i++) {
            int number = i;
            threads[i] = new Thread(() -> {
                try {
                    Caller caller = kind.equals("url") ? HttpsCalls::byUrl : client(kind);
                    for (int call = 0; call < calls; call++) {
                        String target = "/small.txt?" + kind + "=" + number + "." + call;
                        int status = caller.call("https://127.0.0.1:" + words[1] + target);
                        synchronized (System.out) {
                            System.out.println("{\"target\":\"" + target + "\",\"status\":" + status + "}");
                        }
                        if (call == 0) {
                            open.await();
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
        System.exit(0);
    }

    static Caller client(String kind) throws Exception {
        HttpClient.Version version = kind.equals("http2") ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1;
        HttpClient client = HttpClient.newBuilder().version(version).sslContext(trusting()).build();
        return url -> client.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString())
                .statusCode();
    }

    static int byUrl(String url) throws Exception {
        HttpsURLConnection connection = (HttpsURLConnection) new URL(url).openConnection();
        connection.getInputStream().readAllBytes();
        return connection.getResponseCode();
    }

    static SSLContext trusting() throws Exception {
        TrustManager anybody = new X509TrustManager() {
            public void checkClientTrusted(X509Certificate[] chain, String type) {}

            public void checkServerTrusted(X509Certificate[] chain, String type) {}

            public X509Certificate[] getAcceptedIssuers() {
                return new X509Certificate[0];
            }
        };
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {anybody}, new SecureRandom());
        return context;
    }
}
