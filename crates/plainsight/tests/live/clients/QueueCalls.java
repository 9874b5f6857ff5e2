// Sends messages by ActiveMQ's own client and gets them again. Prints what it did, a line of JSON each.
//
//   java -cp JARS QueueCalls.java URL ROUNDS

import javax.jms.*;
import org.apache.activemq.ActiveMQConnectionFactory;

public class QueueCalls {
    public static void main(String[] words) throws Exception {
        Connection connection = new ActiveMQConnectionFactory(words[0]).createConnection("ada", "tulip-cleartext");
        connection.setClientID("shop-1");
        connection.start();
        Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
        Queue orders = session.createQueue("ORDERS");
        MessageProducer producer = session.createProducer(orders);
        MessageConsumer consumer = session.createConsumer(orders);
        for (int round = 0; round < Integer.parseInt(words[1]); round++) {
            TextMessage message = session.createTextMessage("order " + round + " of " + "tea ".repeat(round));
            message.setStringProperty("api_token", "hunter2");
            producer.send(message);
            did("ActiveMQTextMessage", message.getText(), "ok");
            TextMessage got = (TextMessage) consumer.receive(20000);
            did("MessageDispatch", got.getText(), "oneway");
        }
        try {
            session.unsubscribe("nobody");
            throw new AssertionError("it was not refused");
        } catch (InvalidDestinationException refused) {
            did("RemoveSubscriptionInfo", null, "error");
        }
        connection.close();
    }

    static void did(String operation, String body, String outcome) {
        String told = body == null ? "null" : "\"" + body + "\"";
        long pid = ProcessHandle.current().pid();
        System.out.println("{\"pid\":" + pid + ",\"operation\":\"" + operation + "\",\"body\":" + told + ",\"outcome\":\"" + outcome + "\"}");
    }
}
