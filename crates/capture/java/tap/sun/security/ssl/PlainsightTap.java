/* The tap: tells what Java's own TLS seals and opens by a system call that Plainsight's kernel side sees. */
package sun.security.ssl;

import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.net.Socket;
import java.net.SocketImpl;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import jdk.internal.access.JavaIOFileDescriptorAccess;
import jdk.internal.access.SharedSecrets;
import sun.nio.ch.FileChannelImpl;
import sun.nio.ch.SelChImpl;

/**
 * Telling is {@code pwrite(2)} to {@code /dev/null}: the kernel drops the bytes, and the position, which means nothing
 * there, says what they are (`bpf/java.h`): {@link #WORD}, the kind, and the descriptor or the engine.
 *
 * Nothing that goes wrong here reaches the program.
 */
final class PlainsightTap implements Runnable {
    /** Positions that no file has: from here on they are ours. "PLA". */
    private static final long WORD = 0x504c41L << 40;
    private static final int HELLO = 0, SOCKET_OUT = 1, SOCKET_IN = 2, ENGINE_OUT = 3, ENGINE_IN = 4, RECORD = 5, GONE = 6;
    /** The most bytes of one call: what the kernel side copies at once (`CHUNK`), and each thread keeps room for. */
    private static final int PIECE = 16 << 10;
    /** Of each record these bytes tell it apart: behind a hello's version and in its random part, or sealed. */
    private static final int MARK_AT = 16, MARK = 16;
    /** Records that are told with their mark: those of a handshake, and some of an engine that was there before. */
    private static final int MARKED = 16;

    private static final MethodHandle BELOW, IMPLEMENTATION, DESCRIPTOR;
    private static final JavaIOFileDescriptorAccess NUMBERS = SharedSecrets.getJavaIOFileDescriptorAccess();
    private static final FileChannel NOWHERE;

    private static final ReferenceQueue<TransportContext> GONE_ENGINES = new ReferenceQueue<>();
    private static final ConcurrentHashMap<Object, Engine> ENGINES = new ConcurrentHashMap<>();
    private static int engines;

    static {
        try {
            MethodHandles.Lookup us = MethodHandles.lookup();
            BELOW = MethodHandles.privateLookupIn(BaseSSLSocketImpl.class, us)
                    .findGetter(BaseSSLSocketImpl.class, "self", Socket.class);
            IMPLEMENTATION = MethodHandles.privateLookupIn(Socket.class, us)
                    .findVirtual(Socket.class, "getImpl", MethodType.methodType(SocketImpl.class));
            DESCRIPTOR = MethodHandles.privateLookupIn(SocketImpl.class, us)
                    .findVirtual(SocketImpl.class, "getFileDescriptor", MethodType.methodType(FileDescriptor.class));
            us.findGetter(TransportContext.class, "outputRecord", OutputRecord.class);
            us.findGetter(OutputRecord.class, "recordLock", ReentrantLock.class);
            us.findGetter(TransportContext.class, "transport", SSLTransport.class);
            us.findGetter(Plaintext.class, "contentType", byte.class);
            us.findVirtual(SelChImpl.class, "getFDVal", MethodType.methodType(int.class));
            NOWHERE = FileChannel.open(Path.of("/dev/null"), StandardOpenOption.WRITE);
            // A thread that is interrupted would close the channel for all others.
            ((FileChannelImpl) NOWHERE).setUninterruptible();
            tell(HELLO, 0, ByteBuffer.wrap(new byte[1]));
        } catch (ReflectiveOperationException | IOException lacking) {
            throw new ExceptionInInitializerError(lacking);
        }
        // By its name the collector knows from outside that the agent is there (`agents/java.rs`).
        Thread thread = new Thread(null, new PlainsightTap(), "plainsight", 0, false);
        thread.setDaemon(true);
        thread.start();
    }

    /** Tells of engines that nobody has any more. */
    @Override
    public void run() {
        while (true) {
            try {
                Engine engine = (Engine) GONE_ENGINES.remove();
                ENGINES.remove(engine);
                tell(GONE, engine.number, ByteBuffer.wrap(new byte[1]));
            } catch (InterruptedException | IOException | RuntimeException none) {
                // The next one is told.
            }
        }
    }

    /** Instead of {@link SSLTransport#decode}: what a record held is told after it is opened. */
    static Plaintext decode(
            TransportContext of, ByteBuffer[] from, int fromAt, int fromCount, ByteBuffer[] to, int toAt, int toCount)
            throws IOException {
        ByteBuffer mark = fromCount > 0 ? mark(from[fromAt]) : null;
        int[] before = to == null ? null : positions(to, toAt, toCount);
        Plaintext opened = SSLTransport.decode(of, from, fromAt, fromCount, to, toAt, toCount);
        try {
            long name = name(of);
            if (mark != null && isEngine(name) && engine(of).marks.getAndDecrement() > 0) {
                tell(RECORD, (int) name, mark);
            }
            if (before != null && opened.contentType == ContentType.APPLICATION_DATA.id) {
                tellMoved(isEngine(name) ? ENGINE_IN : SOCKET_IN, (int) name, to, toAt, before);
            }
        } catch (Throwable untold) {
            // The program reads on.
        }
        return opened;
    }

    /** Instead of {@link OutputRecord#deliver}: what is sent over a socket is told before it goes out, and its answer comes. */
    static void deliver(TransportContext of, byte[] bytes, int at, int length) throws IOException {
        OutputRecord record = of.outputRecord;
        // Else what two threads write could be told in another order than it is sent in.
        record.recordLock.lock();
        try {
            if (!record.isClosed()) {
                try {
                    long name = name(of);
                    tell(isEngine(name) ? ENGINE_OUT : SOCKET_OUT, (int) name, ByteBuffer.wrap(bytes, at, length));
                } catch (Throwable untold) {
                    // The program writes on.
                }
            }
            record.deliver(bytes, at, length);
        } finally {
            record.recordLock.unlock();
        }
    }

    /** Instead of {@link OutputRecord#encode}: what an engine took is told before the program has the record to send it. */
    static Ciphertext encode(
            TransportContext of, ByteBuffer[] from, int fromAt, int fromCount, ByteBuffer[] to, int toAt, int toCount)
            throws IOException {
        int[] before = from == null ? null : positions(from, fromAt, fromCount);
        Ciphertext sealed = of.outputRecord.encode(from, fromAt, fromCount, to, toAt, toCount);
        try {
            if (before != null) {
                tellMoved(ENGINE_OUT, (int) name(of), from, fromAt, before);
            }
        } catch (Throwable untold) {
            // The program writes on.
        }
        return sealed;
    }

    private static int[] positions(ByteBuffer[] buffers, int at, int count) {
        int[] positions = new int[count];
        for (int i = 0; i < count; i++) {
            positions[i] = buffers[at + i].position();
        }
        return positions;
    }

    private static void tellMoved(int kind, int name, ByteBuffer[] buffers, int at, int[] before) throws IOException {
        for (int i = 0; i < before.length; i++) {
            int behind = buffers[at + i].position();
            if (behind > before[i]) {
                ByteBuffer moved = buffers[at + i].duplicate();
                moved.limit(behind).position(before[i]);
                tell(kind, name, moved);
            }
        }
    }

    private static void tell(int kind, int name, ByteBuffer bytes) throws IOException {
        long position = WORD | (long) kind << 32 | name & 0xffffffffL;
        int end = bytes.limit();
        while (bytes.position() < end) {
            bytes.limit(Math.min(end, bytes.position() + PIECE));
            NOWHERE.write(bytes, position);
        }
    }

    /** What tells a record apart, or null where too little of it stands together. */
    private static ByteBuffer mark(ByteBuffer record) {
        if (record.remaining() < MARK_AT + MARK) {
            return null;
        }
        byte[] mark = new byte[MARK];
        for (int i = 0; i < MARK; i++) {
            mark[i] = record.get(record.position() + MARK_AT + i);
        }
        return ByteBuffer.wrap(mark);
    }

    private static final long ENGINE = 1L << 32;

    private static boolean isEngine(long name) {
        return (name & ENGINE) != 0;
    }

    /** The descriptor of the session's socket; or, where it has none of its own, its number. */
    private static long name(TransportContext of) throws Throwable {
        if (of.transport instanceof BaseSSLSocketImpl) {
            int descriptor = descriptor((Socket) BELOW.invokeExact((BaseSSLSocketImpl) of.transport));
            if (descriptor >= 0) {
                return descriptor;
            }
        }
        return ENGINE | engine(of).number & 0xffffffffL;
    }

    /** The descriptor of a socket; -1 where another session is below, or what nobody knows. */
    private static int descriptor(Socket socket) throws Throwable {
        if (socket instanceof BaseSSLSocketImpl && (Socket) BELOW.invokeExact((BaseSSLSocketImpl) socket) != socket) {
            return -1;
        }
        if (socket.getChannel() instanceof SelChImpl) {
            return ((SelChImpl) socket.getChannel()).getFDVal();
        }
        SocketImpl implementation = (SocketImpl) IMPLEMENTATION.invokeExact(socket);
        FileDescriptor descriptor = (FileDescriptor) DESCRIPTOR.invokeExact(implementation);
        return descriptor == null ? -1 : NUMBERS.get(descriptor);
    }

    private static Engine engine(TransportContext of) {
        Sought sought = new Sought(of);
        Engine known = ENGINES.get(sought);
        if (known != null) {
            return known;
        }
        synchronized (ENGINES) {
            known = ENGINES.get(sought);
            if (known == null) {
                known = new Engine(of, ++engines);
                ENGINES.put(known, known);
            }
            return known;
        }
    }

    /** A session without a socket, for as long as somebody has it. */
    private static final class Engine extends WeakReference<TransportContext> {
        final int number;
        final AtomicInteger marks = new AtomicInteger(MARKED);
        private final int hash;

        Engine(TransportContext of, int number) {
            super(of, GONE_ENGINES);
            this.number = number;
            hash = System.identityHashCode(of);
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }

    /** By this an engine is looked up. */
    private static final class Sought {
        private final TransportContext of;

        Sought(TransportContext of) {
            this.of = of;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(of);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Engine && ((Engine) other).get() == of;
        }
    }
}
