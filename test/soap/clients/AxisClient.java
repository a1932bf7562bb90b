import javax.xml.rpc.holders.StringHolder;
import org.apache.axis.AxisFault;
import org.apache.axis.message.SOAPHeaderElement;
import perch.PerchBindingStub;
import perch.PerchLocator;

/** What AR System's workflow does with the stubs of Axis 1.4: one call, and what came of it as lines `name=value`. */
public class AxisClient {
  public static void main(String[] args) throws Exception {
    String address = args[0], user = args[1], password = args[2], way = args[3], text = args[4];
    PerchBindingStub stub = (PerchBindingStub) new PerchLocator().getPerchPort(new java.net.URL(address));
    if (way.equals("basic")) {
      stub.setUsername(user);
      stub.setPassword(password);
    } else {
      SOAPHeaderElement header = new SOAPHeaderElement("urn:AuthenticationInfo", "AuthenticationInfo");
      header.addChildElement("userName").addTextNode(user);
      header.addChildElement("password").addTextNode(password);
      stub.setHeader(header);
    }
    try {
      StringHolder id = new StringHolder(), state = new StringHolder(), url = new StringHolder(), account = new StringHolder(),
        ids = new StringHolder(), duplicate = new StringHolder(), error = new StringHolder();
      stub.notify(text, null, "ServiceDesk", "INC000000000001", "3", null, "", "20", id, state, url, account, ids, duplicate);
      print("id", id.value);
      print("state", state.value);
      print("account", account.value);
      print("duplicate", duplicate.value);
      stub.getDelivery(id, null, state, url, account, error);
      print("stateLater", state.value);
      print("url", url.value);
      print("error", error.value);
    } catch (AxisFault fault) {
      print("faultcode", fault.getFaultCode().getLocalPart());
      print("faultstring", fault.getFaultString());
      print("details", String.valueOf(fault.getFaultDetails().length));
    }
  }

  private static void print(String name, String value) {
    System.out.println(name + "=" + value);
  }
}
