/* The agent: puts the tap into Java's own TLS, of which nobody but the tap's class knows more than four calls. */
package plainsight.agent;

import java.io.File;
import java.io.IOException;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.net.URISyntaxException;
import java.security.ProtectionDomain;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.jar.JarFile;

/** Loaded by {@code -javaagent:} or on request while the program runs; either way it changes all or nothing. */
public final class Agent implements ClassFileTransformer {
    private static final String ROOM = "sun.security.ssl";
    private static final String TAP = "sun/security/ssl/PlainsightTap";
    /** The tap's classes, each after those that it extends. */
    private static final String[] PARTS = {TAP + "$Engine", TAP + "$Sought", TAP};

    private static final String RECORD = "sun/security/ssl/OutputRecord";
    private static final String BUFFERS = "[Ljava/nio/ByteBuffer;II[Ljava/nio/ByteBuffer;II)";
    private static final String CONTEXT = "sun/security/ssl/TransportContext";
    private static final Call DECODE = Call.of(
            "sun/security/ssl/SSLTransport", "decode", "(L" + CONTEXT + ";" + BUFFERS + "Lsun/security/ssl/Plaintext;");
    private static final Call ENCODE =
            Call.of(RECORD, "encode", "(" + BUFFERS + "Lsun/security/ssl/Ciphertext;").on(CONTEXT, "outputRecord");
    private static final Call DELIVER = Call.of(RECORD, "deliver", "([BII)V").on(CONTEXT, "outputRecord");

    /** Which calls are led through the tap, by class; each must be there. */
    private static final Map<String, Call[]> CALLS = Map.of(
            "sun/security/ssl/SSLSocketImpl", new Call[] {DECODE},
            "sun/security/ssl/SSLSocketImpl$AppOutputStream", new Call[] {DELIVER},
            "sun/security/ssl/SSLEngineImpl", new Call[] {DECODE, ENCODE});

    private final Map<String, Integer> changed = new ConcurrentHashMap<>();

    private Agent() {}

    /** With the program's start. A program is never kept from starting: what goes wrong is said, and nothing changed. */
    public static void premain(String options, Instrumentation java) {
        try {
            install(java);
        } catch (Throwable why) {
            System.err.println("plainsight: this program's TLS stays dark: " + why);
        }
    }

    /** While the program runs. What goes wrong is thrown, which ends the request and not the program. */
    public static void agentmain(String options, Instrumentation java) throws Exception {
        install(java);
    }

    private static synchronized void install(Instrumentation java) throws Exception {
        Module base = Object.class.getModule();
        Set<Module> us = Set.of(Agent.class.getModule());
        java.redefineModule(base, Set.of(), Map.of(), Map.of(ROOM, us), Set.of(), Map.of());
        Class<?> room = Class.forName(ROOM + ".SSLSocketImpl", false, null);
        if (isThere()) {
            return;
        }
        MethodHandles.Lookup inside = MethodHandles.privateLookupIn(room, MethodHandles.lookup());
        for (String part : PARTS) {
            inside.defineClass(part(part));
        }
        // Its beginning asks for everything that it will use, so that a Java that lacks some of it is refused here.
        Class<?> tap = Class.forName(TAP.replace('/', '.'), true, null);
        for (Call[] calls : CALLS.values()) {
            for (Call call : calls) {
                inside.findStatic(tap, call.name, MethodType.fromMethodDescriptorString(call.replaced(), null));
            }
        }
        Class<?>[] classes = new Class<?>[CALLS.size()];
        int at = 0;
        for (String name : CALLS.keySet()) {
            classes[at++] = Class.forName(name.replace('/', '.'), false, null);
        }
        lead(java, classes);
    }

    /** Leads all calls through the tap, or none. */
    private static void lead(Instrumentation java, Class<?>[] classes) throws UnmodifiableClassException {
        Agent agent = new Agent();
        java.addTransformer(agent, true);
        java.retransformClasses(classes);
        for (Map.Entry<String, Call[]> wanted : CALLS.entrySet()) {
            if (agent.changed.getOrDefault(wanted.getKey(), 0) < wanted.getValue().length) {
                java.removeTransformer(agent);
                java.retransformClasses(classes);
                throw new IllegalStateException("the TLS of Java " + Runtime.version() + " is not known: "
                        + wanted.getKey() + " makes other calls");
            }
        }
    }

    private static boolean isThere() {
        try {
            Class.forName(TAP.replace('/', '.'), false, null);
            return true;
        } catch (ClassNotFoundException isNot) {
            return false;
        }
    }

    @Override
    public byte[] transform(ClassLoader loader, String name, Class<?> again, ProtectionDomain domain, byte[] code) {
        Call[] calls = loader == null && name != null ? CALLS.get(name) : null;
        if (calls == null) {
            return null;
        }
        try {
            ClassFile file = new ClassFile(code);
            int found = 0;
            for (Call call : calls) {
                found += file.lead(call, TAP) > 0 ? 1 : 0;
            }
            changed.put(name, found);
            return file.bytes();
        } catch (RuntimeException unknown) {
            // Thrown, it would be swallowed by the caller; `lead` misses the class and undoes the rest.
            return null;
        }
    }

    /** From our own archive, whatever else of that name a program has in its path. */
    private static byte[] part(String name) throws IOException, URISyntaxException {
        File archive = new File(Agent.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        try (JarFile jar = new JarFile(archive)) {
            return jar.getInputStream(jar.getEntry("tap/" + name + ".class")).readAllBytes();
        }
    }
}
