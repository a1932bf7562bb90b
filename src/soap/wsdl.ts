import { PERCH } from "./namespaces.ts";
import { type Input, OPERATIONS, type Operation } from "./operations.ts";
import { escapeXml } from "./write-xml.ts";

/**
 * WSDL 1.1 (https://www.w3.org/TR/2001/NOTE-wsdl-20010315), document/literal wrapped, one schema within: what AR
 * System's Set Fields action reads without help. `address`: of `POST /soap`.
 */
export function writeWsdl(address: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions name="Perch" targetNamespace="${PERCH}" xmlns:tns="${PERCH}" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/">
  <wsdl:types>
    <xsd:schema targetNamespace="${PERCH}" elementFormDefault="qualified">
${OPERATIONS.map(writeElements).join("\n")}
    </xsd:schema>
  </wsdl:types>
${OPERATIONS.map(writeMessages).join("\n")}
  <wsdl:portType name="PerchPortType">
${OPERATIONS.map(writePortOperation).join("\n")}
  </wsdl:portType>
  <wsdl:binding name="PerchBinding" type="tns:PerchPortType">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
${OPERATIONS.map(writeBindingOperation).join("\n")}
  </wsdl:binding>
  <wsdl:service name="Perch">
    <wsdl:port name="PerchPort" binding="tns:PerchBinding">
      <soap:address location="${escapeXml(address)}"/>
    </wsdl:port>
  </wsdl:service>
</wsdl:definitions>
`;
}

function writeElements({ name, inputs, outputs }: Operation): string {
  const answers = outputs.map((element): Input => ({ element, param: element }));
  return [writeElement(name, inputs), writeElement(`${name}Response`, answers)].join("\n");
}

function writeElement(name: string, fields: readonly Input[]): string {
  const lines = fields.map(({ element, required }) => {
    const occurs = required ? "" : ' minOccurs="0"';
    return `            <xsd:element name="${element}" type="xsd:string"${occurs}/>`;
  });
  return `      <xsd:element name="${name}">
        <xsd:complexType>
          <xsd:sequence>
${lines.join("\n")}
          </xsd:sequence>
        </xsd:complexType>
      </xsd:element>`;
}

const writeMessages = ({ name }: Operation): string =>
  [`${name}`, `${name}Response`]
    .map((element) => `  <wsdl:message name="${element}"><wsdl:part name="parameters" element="tns:${element}"/></wsdl:message>`)
    .join("\n");

const writePortOperation = ({ name }: Operation): string => `    <wsdl:operation name="${name}">
      <wsdl:input message="tns:${name}"/>
      <wsdl:output message="tns:${name}Response"/>
    </wsdl:operation>`;

const writeBindingOperation = ({ name }: Operation): string => `    <wsdl:operation name="${name}">
      <soap:operation soapAction="${PERCH}/${name}" style="document"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input>
      <wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation>`;
