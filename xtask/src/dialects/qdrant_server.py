# A small store that answers as Qdrant's public API does over gRPC; what it finds is computed by the client's local mode.
import os
from concurrent import futures
import grpc as rpc
from qdrant_client import QdrantClient, grpc, models
from qdrant_client.conversions.conversion import GrpcToRest, RestToGrpc

store = QdrantClient(":memory:")


class Collections(grpc.CollectionsServicer):
    def Create(self, asked, context):
        params = asked.vectors_config.params
        vectors = models.VectorParams(size=params.size, distance=models.Distance.COSINE)
        store.create_collection(asked.collection_name, vectors_config=vectors)
        return grpc.CollectionOperationResponse(result=True, time=0.001)

    def Delete(self, asked, context):
        return grpc.CollectionOperationResponse(result=store.delete_collection(asked.collection_name), time=0.001)

    def List(self, asked, context):
        names = [c.name for c in store.get_collections().collections]
        return grpc.ListCollectionsResponse(collections=[grpc.CollectionDescription(name=n) for n in names], time=0.001)

    def CollectionExists(self, asked, context):
        exists = store.collection_exists(asked.collection_name)
        return grpc.CollectionExistsResponse(result=grpc.CollectionExists(exists=exists), time=0.001)


class Points(grpc.PointsServicer):
    done = grpc.PointsOperationResponse(result=grpc.UpdateResult(operation_id=1, status=2), time=0.002)

    def Upsert(self, asked, context):
        store.upsert(asked.collection_name, [GrpcToRest.convert_point_struct(p) for p in asked.points])
        return self.done

    def Delete(self, asked, context):
        store.delete(asked.collection_name, GrpcToRest.convert_points_selector(asked.points))
        return self.done

    def Query(self, asked, context):
        if not store.collection_exists(asked.collection_name):
            context.abort(rpc.StatusCode.NOT_FOUND, f"Not found: Collection `{asked.collection_name}` doesn't exist!")
        filter = GrpcToRest.convert_filter(asked.filter) if asked.HasField("filter") else None
        query = list(asked.query.nearest.dense.data)
        found = store.query_points(asked.collection_name, query=query, limit=asked.limit, query_filter=filter)
        return grpc.QueryResponse(result=[RestToGrpc.convert_scored_point(p) for p in found.points], time=0.003)

    def Scroll(self, asked, context):
        found, _ = store.scroll(asked.collection_name, limit=asked.limit)
        return grpc.ScrollResponse(result=[RestToGrpc.convert_record(p) for p in found], time=0.003)

    def Count(self, asked, context):
        return grpc.CountResponse(result=grpc.CountResult(count=store.count(asked.collection_name).count), time=0.001)


server = rpc.server(futures.ThreadPoolExecutor(4))
grpc.add_CollectionsServicer_to_server(Collections(), server)
grpc.add_PointsServicer_to_server(Points(), server)
server.add_insecure_port(f"127.0.0.1:{os.environ['PORT']}")
server.start()
server.wait_for_termination()
