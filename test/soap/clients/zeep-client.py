"""One call of each operation by zeep, strict about the schema; what came of it as JSON. Arguments: address, name, password, way."""
import json
import sys

import zeep
from requests import Session
from requests.auth import HTTPBasicAuth
from zeep.transports import Transport
from zeep.wsse.username import UsernameToken

address, name, password, way = sys.argv[1:5]
session = Session()
wsse = None
if way == "basic":
    session.auth = HTTPBasicAuth(name, password)
else:
    wsse = UsernameToken(name, password, use_digest=way == "digest")
client = zeep.Client(address + "?wsdl", transport=Transport(session=session), settings=zeep.Settings(strict=True), wsse=wsse)

said = {}
try:
    answer = client.service.Notify(Text="Réseau: down & out <now>", FunctionalUser="ServiceDesk", EntryId=way, WaitSeconds="20")
    said["notify"] = zeep.helpers.serialize_object(answer, dict)
    answer = client.service.GetDelivery(DeliveryId=answer["DeliveryId"])
    said["get"] = zeep.helpers.serialize_object(answer, dict)
    answer = client.service.FilterApiCall(Plugin="ARSYS.ALRT.TWITTER", In1="ServiceDesk", In2="filter " + way, In3="By the filter, " + way)
    said["filter"] = zeep.helpers.serialize_object(answer, dict)
    client.service.Notify(Text="To nobody", FunctionalUser="Nobody")
except zeep.exceptions.Fault as fault:
    said["fault"] = {"code": fault.code, "message": fault.message, "detail": fault.detail is not None}
print(json.dumps(said))
