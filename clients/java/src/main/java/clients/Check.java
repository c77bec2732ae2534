package clients;

import java.util.Objects;
import java.util.concurrent.ExecutionException;

/** Assertions that say what was looked at. */
final class Check {
    private Check() {
    }

    static void equal(String what, Object want, Object got) {
        if (!Objects.equals(want, got)) {
            throw new AssertionError(what + ": expected " + want + ", got " + got);
        }
    }

    static void that(String what, boolean holds) {
        if (!holds) {
            throw new AssertionError(what + " does not hold");
        }
    }

    /** An action on a future. */
    interface Action {
        void run() throws Exception;
    }

    /** Expects Kafka's own error, not just any. */
    static void fails(String what, Class<? extends Throwable> want, Action action) throws Exception {
        try {
            action.run();
        } catch (ExecutionException failure) {
            if (want.isInstance(failure.getCause())) {
                return;
            }
            throw failure;
        } catch (Exception failure) {
            if (want.isInstance(failure)) {
                return;
            }
            throw failure;
        }
        throw new AssertionError(what + ": expected " + want.getSimpleName() + ", it succeeded");
    }
}
