"""Sends messages on some connections at once, and prints what: `PORT WAY CONNECTIONS ROUNDS`."""
import json
import smtplib
import ssl
import sys
import threading

port, way, connections, rounds = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
said = []


def send(number):
    with smtplib.SMTP("127.0.0.1", port, local_hostname=f"client{number}.example.test") as server:
        if way == "starttls":
            server.starttls(context=context)
        for turn in range(rounds):
            subject = f"message {turn} of {number}"
            text = f"Subject: {subject}\r\nFrom: Grace <grace@example.test>\r\n\r\n.dots\r\n.\r\n" + "x" * 70 * turn
            to = ["ada@example.test", "nobody@example.test", "grace@example.test"]
            refused = server.sendmail("grace@example.test", to, text)
            assert list(refused) == ["nobody@example.test"]
            said.append({"subject": subject, "application": f"client{number}.example.test"})


threads = [threading.Thread(target=send, args=(number,)) for number in range(connections)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for message in said:
    print(json.dumps(message))
