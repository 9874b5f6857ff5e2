/* Calls a web server with the OpenSSL that is linked into it: openssl_talk PORT CONNECTIONS CALLS, one thread, all connections at once. */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int dial(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	return connect(fd, (struct sockaddr *)&to, sizeof(to)) ? -1 : fd;
}

int main(int words, char **word)
{
	int port = atoi(word[1]), connections = atoi(word[2]), calls = atoi(word[3]);
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL **sessions = calloc(connections, sizeof(*sessions));
	char text[4096];

	puts("ready");
	fflush(stdout);
	getchar();
	for (int i = 0; i < connections; i++) {
		sessions[i] = SSL_new(context);
		if (!SSL_set_fd(sessions[i], dial(port)) || SSL_connect(sessions[i]) != 1)
			return 1;
	}
	for (int call = 0; call < calls; call++) {
		for (int i = 0; i < connections; i++) {
			struct sockaddr_in own;
			socklen_t size = sizeof(own);
			int fd = SSL_get_fd(sessions[i]);
			snprintf(text, sizeof(text), "GET /small.txt?%d.%d HTTP/1.1\r\nHost: localhost\r\n\r\n", i, call);
			if (SSL_write(sessions[i], text, strlen(text)) <= 0)
				return 2;
			int length = SSL_read(sessions[i], text, sizeof(text) - 1);
			if (length <= 0 || getsockname(fd, (struct sockaddr *)&own, &size))
				return 3;
			text[length] = 0;
			printf("{\"fd\":%d,\"port\":%d,\"path\":\"/small.txt?%d.%d\",\"status\":%.3s}\n", fd, ntohs(own.sin_port), i,
			       call, text + 9);
		}
	}
	return 0;
}
