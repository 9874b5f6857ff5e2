// A shop's queues, by ActiveMQ's own client: what it does is named by its second word.
//
//   java -cp JARS Shop.java URL WHAT

import javax.jms.*;
import org.apache.activemq.ActiveMQConnectionFactory;

public class Shop {
    public static void main(String[] words) throws Exception {
        ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(words[0]);
        factory.setWatchTopicAdvisories(words[1].equals("session"));
        String password = words[1].equals("refused") ? "hunter2" : "tulip-cleartext";
        Connection connection = factory.createConnection("ada", password);
        if (words[1].equals("refused")) {
            refuses(connection::start);
            System.exit(0);
        }
        connection.setClientID("shop-1");
        connection.start();
        Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
        switch (words[1]) {
            case "session" -> talk(connection, session);
            case "transactions" -> commit(connection);
            case "errors" -> fail(session);
            case "long" -> carry(session);
            default -> exchange(session, "ORDERS", 2);
        }
        connection.close();
    }

    static void exchange(Session session, String name, int count) throws Exception {
        Queue orders = session.createQueue(name);
        MessageProducer producer = session.createProducer(orders);
        MessageConsumer consumer = session.createConsumer(orders, "price > 1");
        for (int number = 0; number < count; number++) {
            TextMessage message = session.createTextMessage("order " + number + " of tea for zoë");
            message.setIntProperty("price", 12 + number);
            message.setStringProperty("api_token", "hunter2");
            message.setJMSCorrelationID("basket-" + number);
            producer.send(message);
            receive(consumer);
        }
        consumer.close();
        producer.close();
    }

    static void talk(Connection connection, Session session) throws Exception {
        exchange(session, "ORDERS", 2);
        Topic news = session.createTopic("NEWS");
        MessageConsumer durable = session.createDurableSubscriber(news, "reader");
        MessageProducer producer = session.createProducer(news);
        producer.setDeliveryMode(DeliveryMode.NON_PERSISTENT);
        MapMessage map = session.createMapMessage();
        map.setString("item", "tea");
        map.setString("password", "hunter2");
        map.setDouble("price", 2.5);
        producer.send(map);
        receive(durable);
        BytesMessage bytes = session.createBytesMessage();
        bytes.writeBytes("plain bytes".getBytes());
        producer.send(bytes);
        receive(durable);
        producer.send(session.createMessage());
        receive(durable);
        durable.close();
        session.unsubscribe("reader");
        TemporaryQueue answers = session.createTemporaryQueue();
        TextMessage question = session.createTextMessage("how much?");
        question.setJMSReplyTo(answers);
        session.createProducer(session.createQueue("QUESTIONS")).send(question);
        QueueBrowser browser = session.createBrowser(session.createQueue("QUESTIONS"));
        if (!browser.getEnumeration().hasMoreElements()) {
            throw new AssertionError("nothing to browse");
        }
        browser.close();
    }

    static void commit(Connection connection) throws Exception {
        Session session = connection.createSession(true, Session.SESSION_TRANSACTED);
        MessageProducer producer = session.createProducer(session.createQueue("ORDERS"));
        producer.send(session.createTextMessage("kept"));
        session.commit();
        producer.send(session.createTextMessage("not kept"));
        session.rollback();
        MessageConsumer consumer = session.createConsumer(session.createQueue("ORDERS"));
        receive(consumer);
        session.commit();
        session.close();
    }

    static void fail(Session session) throws Exception {
        refuses(() -> session.createConsumer(session.createQueue("ORDERS"), "price >"));
        refuses(() -> session.unsubscribe("nobody"));
        exchange(session, "AFTERWARDS", 1);
    }

    static void carry(Session session) throws Exception {
        Queue orders = session.createQueue("LONG");
        MessageProducer producer = session.createProducer(orders);
        producer.send(session.createTextMessage("0123456789abcde\n".repeat(20480)));
        receive(session.createConsumer(orders));
    }

    static void receive(MessageConsumer consumer) throws Exception {
        if (consumer.receive(20000) == null) {
            throw new AssertionError("no message came");
        }
    }

    interface Work {
        void run() throws Exception;
    }

    static void refuses(Work work) throws Exception {
        try {
            work.run();
        } catch (JMSException refused) {
            return;
        }
        throw new AssertionError("it was not refused");
    }
}
