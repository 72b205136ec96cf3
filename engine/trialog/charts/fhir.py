from trialog.source import Source
def bundle_of(source): return None
def read_bundle(bundle, source, vocabulary, problems): return None
