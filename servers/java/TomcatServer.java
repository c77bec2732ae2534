import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.catalina.Context;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.servlets.DefaultServlet;
import org.apache.catalina.startup.Tomcat;

/**
 * An embedded Tomcat with its default servlet over a folder. The NIO connector
 * sends files of more than 48 KiB by sendfile, unless useSendfile is off.
 *
 * <p>Usage: java -cp TOMCAT TomcatServer.java PORT FOLDER WORK USE_SENDFILE
 */
public final class TomcatServer {
  public static void main(String[] args) throws Exception {
    Tomcat tomcat = new Tomcat();
    Path work = Files.createDirectories(Path.of(args[2]));
    tomcat.setBaseDir(work.toString());
    Connector connector = new Connector("org.apache.coyote.http11.Http11NioProtocol");
    connector.setPort(Integer.parseInt(args[0]));
    connector.setProperty("address", "127.0.0.1");
    connector.setProperty("useSendfile", args[3]);
    tomcat.setConnector(connector);
    Context context = tomcat.addContext("", Path.of(args[1]).toAbsolutePath().toString());
    Tomcat.addServlet(context, "default", new DefaultServlet());
    context.addServletMappingDecoded("/", "default");
    tomcat.start();
    tomcat.getServer().await();
  }
}
