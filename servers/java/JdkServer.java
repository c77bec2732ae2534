import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * Serves one file with FileChannel.transferTo, to every request alike.
 *
 * <p>Plain, the target is the connection's own channel, and the JDK asks the
 * kernel (sendfile). Over TLS the target is a channel over the stream of an
 * HttpsServer: the same transferTo has nothing to give to the kernel, reads
 * pieces of 8 KiB, and SSLEngine encrypts them.
 *
 * <p>Usage: java JdkServer.java PORT FILE [CERTIFICATE KEY], PEM, the key as PKCS #8.
 */
public final class JdkServer {
  public static void main(String[] args) throws Exception {
    InetSocketAddress at = new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0]));
    Path file = Path.of(args[1]);
    if (args.length == 2) {
      plain(at, file);
    } else {
      overTls(at, file, context(Path.of(args[2]), Path.of(args[3])));
    }
  }

  private static void plain(InetSocketAddress at, Path file) throws IOException {
    ServerSocketChannel listener = ServerSocketChannel.open().bind(at);
    while (true) {
      SocketChannel connection = listener.accept();
      Thread thread = new Thread(() -> {
        try (connection) {
          ByteBuffer request = ByteBuffer.allocate(4096);
          if (connection.read(request) <= 0) {
            return; // somebody looked whether we listen
          }
          try (FileChannel from = FileChannel.open(file, StandardOpenOption.READ)) {
            String head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + from.size() + "\r\n\r\n";
            connection.write(ByteBuffer.wrap(head.getBytes(StandardCharsets.US_ASCII)));
            transfer(from, connection);
          }
        } catch (IOException e) {
          System.err.println(e);
        }
      });
      thread.start();
    }
  }

  private static void overTls(InetSocketAddress at, Path file, SSLContext context) throws IOException {
    HttpsServer server = HttpsServer.create(at, 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    server.createContext("/", exchange -> {
      try (exchange; FileChannel from = FileChannel.open(file, StandardOpenOption.READ)) {
        exchange.sendResponseHeaders(200, from.size());
        transfer(from, Channels.newChannel(exchange.getResponseBody()));
      } catch (IOException e) {
        System.err.println(e);
      }
    });
    server.start();
  }

  /** One call moves less than 2 GiB, so a larger file takes several. */
  private static void transfer(FileChannel from, WritableByteChannel to) throws IOException {
    long size = from.size();
    for (long at = 0; at < size; ) {
      at += from.transferTo(at, size - at, to);
    }
  }

  private static SSLContext context(Path certificate, Path key) throws Exception {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    keys.load(null, null);
    try (var in = Files.newInputStream(certificate)) {
      Certificate chain = CertificateFactory.getInstance("X.509").generateCertificate(in);
      String pem = Files.readString(key).replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
      var secret = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));
      keys.setKeyEntry("server", secret, new char[0], new Certificate[] {chain});
    }
    KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, new char[0]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context;
  }
}
